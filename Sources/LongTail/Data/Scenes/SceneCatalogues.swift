extension SceneCatalogue {
  /// The 20 classes of DIOR. Counts: objects in the public annotations (train and validation, test).
  public static let dior = SceneCatalogue(
    name: "dior",
    classes: [
      SceneClass("airplane", "airplane", train: 1888, test: 8212) { $0.airplaneScene() },
      SceneClass("airport", "airport", train: 662, test: 666) { $0.airportScene() },
      SceneClass("baseballfield", "baseball field", train: 2384, test: 3434) { $0.baseballFieldScene() },
      SceneClass("basketballcourt", "basketball court", train: 1077, test: 2146) { $0.basketballCourtScene() },
      SceneClass("bridge", "bridge", train: 1367, test: 2589) { $0.bridgeScene() },
      SceneClass("chimney", "chimney", train: 649, test: 1031) { $0.chimneyScene() },
      SceneClass("dam", "dam", train: 512, test: 538) { $0.damScene() },
      SceneClass("Expressway-Service-area", "expressway service area", train: 1080, test: 1085) {
        $0.serviceAreaScene()
      },
      SceneClass("Expressway-toll-station", "expressway toll station", train: 610, test: 688) { $0.tollStationScene() },
      SceneClass("golffield", "golf field", train: 511, test: 575) { $0.golfFieldScene() },
      SceneClass("groundtrackfield", "ground track field", train: 1162, test: 1885) { $0.trackFieldScene() },
      SceneClass("harbor", "harbor", train: 2364, test: 3105) { $0.harborScene() },
      SceneClass("overpass", "overpass", plural: "overpasses", train: 1330, test: 1782) { $0.overpassScene() },
      SceneClass("ship", "ship", train: 27351, test: 35186) { $0.shipScene() },
      SceneClass("stadium", "stadium", train: 595, test: 672) { $0.stadiumScene() },
      SceneClass("storagetank", "storage tank", train: 3042, test: 23361) { $0.storageTankScene() },
      SceneClass("tenniscourt", "tennis court", train: 4898, test: 7343) { $0.tennisCourtScene() },
      SceneClass("trainstation", "train station", train: 501, test: 509) { $0.trainStationScene() },
      SceneClass("vehicle", "vehicle", train: 13725, test: 26640) { $0.vehicleScene() },
      SceneClass("windmill", "windmill", train: 2365, test: 2998) { $0.windmillScene() },
    ])

  /// The 15 classes of DOTA v1.0. Training counts: the test counts scaled to the published total of 98 906.
  public static let dota = SceneCatalogue(
    name: "dota",
    classes: [
      dota("baseball-diamond", "baseball diamond", 214) { $0.baseballFieldScene() },
      dota("basketball-court", "basketball court", 132) { $0.basketballCourtScene() },
      dota("bridge", "bridge", 464) { $0.bridgeScene() },
      dota("ground-track-field", "ground track field", 144) { $0.trackFieldScene() },
      dota("harbor", "harbor", 2090) { $0.harborScene() },
      dota("helicopter", "helicopter", 73) { $0.helicopterScene() },
      dota("large-vehicle", "large vehicle", 4387) { $0.largeVehicleScene() },
      dota("plane", "plane", 2531) { $0.airplaneScene() },
      dota("roundabout", "roundabout", 179) { $0.roundaboutScene() },
      dota("ship", "ship", 8960) { $0.shipScene() },
      dota("small-vehicle", "small vehicle", 5438) { $0.smallVehicleScene() },
      dota("soccer-ball-field", "soccer field", 153) { $0.soccerFieldScene() },
      dota("storage-tank", "storage tank", 2888) { $0.storageTankScene() },
      dota("swimming-pool", "swimming pool", 440) { $0.swimmingPoolScene() },
      dota("tennis-court", "tennis court", 760) { $0.tennisCourtScene() },
    ])

  /// The 23 classes of FGSC-23. Training counts: the test counts times 3.95, the ratio of the published totals.
  /// Tarawa-class, medical ship, hovercraft and barge have 63 test images together: 16, 16, 16 and 15 here.
  public static let fgsc = SceneCatalogue(
    name: "fgsc",
    classes: [
      fgsc("non-ship", "scene without a ship", plural: "scenes without a ship", 97) { $0.nonShipScene() },
      fgsc("air carrier", "aircraft carrier", 34) { $0.vesselScene(.airCarrier) },
      fgsc("destroyer", "destroyer", 108) { $0.vesselScene(.destroyer) },
      fgsc("landing craft", "landing craft", plural: "landing craft", 22) { $0.vesselScene(.landingCraft) },
      fgsc("frigate", "frigate", 59) { $0.vesselScene(.frigate) },
      fgsc("amphibious transport dock", "amphibious transport dock", 18) { $0.vesselScene(.transportDock) },
      fgsc("cruiser", "cruiser", 59) { $0.vesselScene(.cruiser) },
      fgsc("Tarawa-class amphibious assault ship", "Tarawa-class amphibious assault ship", 16) {
        $0.vesselScene(.tarawa)
      },
      fgsc("amphibious assault ship", "amphibious assault ship", 31) { $0.vesselScene(.amphibiousAssault) },
      fgsc("command ship", "command ship", 18) { $0.vesselScene(.command) },
      fgsc("submarine", "submarine", 48) { $0.vesselScene(.submarine) },
      fgsc("medical ship", "medical ship", 16) { $0.vesselScene(.medical) },
      fgsc("combat boat", "combat boat", 29) { $0.vesselScene(.combatBoat) },
      fgsc("auxiliary ship", "auxiliary ship", 45) { $0.vesselScene(.auxiliary) },
      fgsc("container ship", "container ship", 20) { $0.vesselScene(.container) },
      fgsc("car carrier", "car carrier", 14) { $0.vesselScene(.carCarrier) },
      fgsc("hovercraft", "hovercraft", plural: "hovercraft", 16) { $0.vesselScene(.hovercraft) },
      fgsc("bulk carrier", "bulk carrier", 69) { $0.vesselScene(.bulkCarrier) },
      fgsc("oil tanker", "oil tanker", 33) { $0.vesselScene(.oilTanker) },
      fgsc("fishing boat", "fishing boat", 20) { $0.vesselScene(.fishing) },
      fgsc("passenger ship", "passenger ship", 18) { $0.vesselScene(.passenger) },
      fgsc("liquefied gas ship", "liquefied gas ship", 20) { $0.vesselScene(.liquefiedGas) },
      fgsc("barge", "barge", 15) { $0.vesselScene(.barge) },
    ])

  private static func dota(
    _ name: String, _ noun: String, _ test: Int, draw: @escaping @Sendable (inout ScenePainter) -> Void
  ) -> SceneClass {
    SceneClass(name, noun, train: Int((Double(test) * 98_906 / 28_853).rounded()), test: test, draw: draw)
  }

  private static func fgsc(
    _ name: String, _ noun: String, plural: String? = nil, _ test: Int,
    draw: @escaping @Sendable (inout ScenePainter) -> Void
  ) -> SceneClass {
    SceneClass(
      name, noun, plural: plural, train: Int((Double(test) * 3256 / 825).rounded()), test: test, draw: draw)
  }
}
