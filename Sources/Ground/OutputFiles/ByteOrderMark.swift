extension String {
  /// The text without the mark in front by which some editors tell that it is UTF-8.
  package var withoutByteOrderMark: String {
    unicodeScalars.first == "\u{FEFF}" ? String(unicodeScalars.dropFirst()) : self
  }
}
