/// A colour together with the word a caption uses for it.
struct NamedColour {
  let name: String
  let value: SceneColour

  private init(_ name: String, _ red: Float, _ green: Float, _ blue: Float) {
    self.name = name
    value = SceneColour(red, green, blue)
  }

  static let white = NamedColour("white", 0.9, 0.9, 0.88)
  static let silver = NamedColour("silver", 0.74, 0.76, 0.78)
  static let grey = NamedColour("grey", 0.55, 0.56, 0.57)
  static let dark = NamedColour("dark", 0.25, 0.26, 0.28)
  static let black = NamedColour("black", 0.12, 0.12, 0.14)
  static let red = NamedColour("red", 0.66, 0.2, 0.17)
  static let maroon = NamedColour("maroon", 0.47, 0.2, 0.19)
  static let orange = NamedColour("orange", 0.8, 0.44, 0.2)
  static let yellow = NamedColour("yellow", 0.84, 0.74, 0.3)
  static let green = NamedColour("green", 0.24, 0.46, 0.28)
  static let lime = NamedColour("light green", 0.47, 0.62, 0.33)
  static let blue = NamedColour("blue", 0.2, 0.36, 0.62)
  static let teal = NamedColour("teal", 0.22, 0.5, 0.5)
  static let sky = NamedColour("light blue", 0.45, 0.63, 0.78)
  static let purple = NamedColour("purple", 0.4, 0.32, 0.52)
  static let brown = NamedColour("brown", 0.45, 0.34, 0.25)
  static let tan = NamedColour("tan", 0.72, 0.62, 0.47)

  /// Roofs, containers and cars of any colour.
  static let paint: [(NamedColour, Float)] = [
    (.white, 3), (.silver, 2), (.grey, 2), (.dark, 1.5), (.black, 1), (.red, 1), (.blue, 1), (.orange, 0.5),
    (.yellow, 0.5), (.green, 0.5), (.brown, 0.7), (.tan, 0.7), (.teal, 0.3), (.maroon, 0.4),
  ]
}
