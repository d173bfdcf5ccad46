import EventFormats

/// A feed as the event formats read bytes.
struct FeedBytes: ByteSource {
  // Used by the source's thread alone: reader and feed have one owner, who never passes them on.
  private nonisolated(unsafe) let feed: ByteFeed

  init(_ feed: ByteFeed) { self.feed = feed }

  var name: String { feed.path }
  var path: String? { nil }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(EventFormatError) -> Int {
    do throws(FeedError) {
      return try feed.read(into: buffer)
    } catch {
      throw EventFormatError(.inputOutput, source: error.path, reason: error.reason, remedy: "check it and try again")
    }
  }
}
