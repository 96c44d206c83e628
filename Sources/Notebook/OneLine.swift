extension String {
  /// The text on one line, with nothing in it that a terminal would obey: line breaks and control characters, which
  /// names and values from strangers' files may hold, become spaces.
  public var onOneLine: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .lineSeparator, .paragraphSeparator: " "
          default: scalar
          }
        }))
  }
}
