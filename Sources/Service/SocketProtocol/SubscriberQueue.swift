/// What waits to be sent to one subscriber, bounded in publications and their bytes.
///
/// When it is full, scores and beginnings of detections go first, then health, rejections, gaps and reloads, and detections last, the oldest first
/// each; a quarter of the bound is freed at once. Every place where something went is told by a `dropped` line there:
/// its number is that of the last line that is missing, so that the next line follows it. These places do not count:
/// there is at most one before and one after every publication.
public struct SubscriberQueue: Sendable {
  private enum Entry: Sendable {
    case publication(Publication)
    case reply([UInt8])
    case hole(last: Int64, count: Int)
  }

  public let messageLimit: Int
  public let byteLimit: Int
  private var entries: [Entry] = []
  /// Entries before it are gone and swept out now and then.
  private var head = 0
  /// Publications that wait, and their bytes.
  public private(set) var count = 0
  public private(set) var bytes = 0
  /// Lines for this subscriber alone that wait.
  public private(set) var replies = 0
  /// Publications dropped in all.
  public private(set) var dropped = 0

  public init(messageLimit: Int, byteLimit: Int) {
    precondition(messageLimit >= 4 && byteLimit > 0, "a queue has room for a few lines")
    self.messageLimit = messageLimit
    self.byteLimit = byteLimit
  }

  public var isEmpty: Bool { head == entries.count }

  public mutating func append(_ publication: Publication) {
    entries.append(.publication(publication))
    count += 1
    bytes += publication.bytes.count
    if count > messageLimit || bytes > byteLimit { makeRoom() }
  }

  /// Appends a line for this subscriber alone; it is never dropped.
  public mutating func append(reply line: [UInt8]) {
    entries.append(.reply(line))
    replies += 1
  }

  /// Notes that publications up to a number are missing here.
  public mutating func append(holeUpTo last: Int64, count: Int) {
    Self.append(hole: last, count: count, to: &entries, from: head)
    dropped += count
  }

  /// Moves whole lines, oldest first, to the end of a buffer until it holds at least `size` bytes or nothing is left.
  public mutating func take(into buffer: inout [UInt8], size: Int) {
    while buffer.count < size, head < entries.count {
      switch entries[head] {
      case .publication(let publication):
        buffer += publication.bytes
        count -= 1
        bytes -= publication.bytes.count
      case .reply(let line):
        buffer += line
        replies -= 1
      case .hole(let last, let count): buffer += Reply.dropped(sequence: last, count: count)
      }
      head += 1
    }
    if head == entries.count {
      entries.removeAll(keepingCapacity: entries.capacity <= 64)
      head = 0
    } else if head >= 64 && head * 2 >= entries.count {
      entries.removeFirst(head)
      head = 0
    }
  }

  /// Takes out everything there is, to be passed on to others.
  mutating func drain(publication: (Publication) -> Void, hole: (Int64, Int) -> Void) {
    for entry in entries[head...] {
      switch entry {
      case .publication(let value): publication(value)
      case .hole(let last, let count): hole(last, count)
      case .reply: break
      }
    }
    entries.removeAll(keepingCapacity: true)
    (head, count, bytes, replies) = (0, 0, 0, 0)
  }

  /// Drops every publication; that they are missing is told as ever.
  public mutating func dropAll() {
    var kept: [Entry] = []
    for entry in entries[head...] {
      switch entry {
      case .publication(let publication):
        dropped += 1
        Self.append(hole: publication.sequence, count: 1, to: &kept, from: 0)
      case .hole(let last, let count): Self.append(hole: last, count: count, to: &kept, from: 0)
      case .reply: kept.append(entry)
      }
    }
    (entries, head, count, bytes) = (kept, 0, 0, 0)
  }

  /// Drops publications, the least valuable and oldest first, until a quarter of both bounds is free.
  private mutating func makeRoom() {
    var surplusMessages = count - messageLimit * 3 / 4
    var surplusBytes = bytes - byteLimit * 3 / 4
    var doomed = [Bool](repeating: false, count: entries.count)
    for rank in 0...2 where surplusMessages > 0 || surplusBytes > 0 {
      for index in head..<entries.count where surplusMessages > 0 || surplusBytes > 0 {
        guard case .publication(let publication) = entries[index], publication.topic.rank == rank else { continue }
        doomed[index] = true
        surplusMessages -= 1
        surplusBytes -= publication.bytes.count
      }
    }
    var kept: [Entry] = []
    kept.reserveCapacity(entries.count - head)
    for index in head..<entries.count {
      switch entries[index] {
      case .publication(let publication) where doomed[index]:
        dropped += 1
        count -= 1
        bytes -= publication.bytes.count
        Self.append(hole: publication.sequence, count: 1, to: &kept, from: 0)
      case .hole(let last, let count): Self.append(hole: last, count: count, to: &kept, from: 0)
      case let entry: kept.append(entry)
      }
    }
    entries = kept
    head = 0
  }

  /// Adds a hole, or makes the last one larger.
  private static func append(hole last: Int64, count: Int, to entries: inout [Entry], from head: Int) {
    if head < entries.count, case .hole(_, let before)? = entries.last {
      entries[entries.count - 1] = .hole(last: last, count: before + count)
    } else {
      entries.append(.hole(last: last, count: count))
    }
  }
}

extension Topic {
  /// The lower, the sooner it is dropped.
  fileprivate var rank: Int {
    switch self {
    case .score, .progress: 0
    case .rejection, .health, .reloaded, .gap: 1
    case .detection: 2
    }
  }
}
