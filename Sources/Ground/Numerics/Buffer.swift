import Glibc

/// Memory of a training pass that is allocated once and reused for every batch.
///
/// It grows and never shrinks, so that a steady state allocates nothing. Growing does not keep the contents.
public final class Buffer<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  // Sendable: threads only ever write through `base` while the one that owns the pass waits for them, each to rows of
  // its own (see `Lanes`); growing happens on the owner alone.
  public private(set) var base: UnsafeMutablePointer<Element>
  public private(set) var count: Int
  private var capacity: Int

  public init(count: Int = 0) {
    capacity = max(count, 1)
    self.count = count
    base = Self.allocate(capacity)
  }

  deinit {
    base.deallocate()
  }

  /// Begins at a cache line; large memory at a large page, so that a pass over a whole batch meets fewer page boundaries.
  private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Element> {
    let bytes = capacity * MemoryLayout<Element>.stride
    let page = 2 << 20
    let isLarge = bytes >= 2 * page
    let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: isLarge ? page : 64)
    if isLarge { madvise(memory, bytes, MADV_HUGEPAGE) }
    return memory.bindMemory(to: Element.self, capacity: capacity)
  }

  /// Makes room for `newCount` elements; what they hold afterwards is undefined.
  public func resize(to newCount: Int) {
    if newCount > capacity {
      base.deallocate()
      capacity = newCount + newCount / 4
      base = Self.allocate(capacity)
    }
    count = newCount
  }

  /// The same buffer with room for `newCount` elements; what they hold is undefined when it grew.
  public func sized(_ newCount: Int) -> Buffer {
    resize(to: newCount)
    return self
  }

  /// Sets every element.
  public func fill(_ value: Element) {
    base.update(repeating: value, count: count)
  }

  /// A copy of the contents.
  public var array: [Element] {
    get { Array(UnsafeBufferPointer(start: base, count: count)) }
    set {
      resize(to: newValue.count)
      newValue.withUnsafeBufferPointer { source in
        if let start = source.baseAddress { base.update(from: start, count: source.count) }
      }
    }
  }
}
