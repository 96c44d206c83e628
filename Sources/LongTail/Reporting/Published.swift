/// The only figures that a report may call published.
public enum Published {
  /// TGN repository, picture/4.png: accuracy in percent on DIOR, ResNet-50, long-tailed training set.
  public static let diorLongTailed = 86.56
  /// The same after adding 7000 generated images to each tail class.
  public static let diorExpanded = 90.68

  /// Accuracy in percent over all test images, and the mean over classes: cross-entropy, then T2FTS, of neighbouring
  /// work on the splits that TGN uses (TGRS 2022; its authors' logs in GitHub `wdzhao123/T2FTS`).
  public static let neighbourDOTA = [(overall: 95.15, macro: 86.80), (overall: 96.00, macro: 90.37)]
  public static let neighbourFGSC = [(overall: 86.30, macro: 86.66), (overall: 88.73, macro: 88.91)]
}
