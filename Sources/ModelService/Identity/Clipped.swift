extension String {
  /// The text as errors repeat it: a peer's name of a megabyte must not become a header of one.
  var clipped: String {
    utf8.count <= 128 ? self : String(prefix(64)) + "…"
  }
}
