import CLinux
import Glibc

/// Gives back the memory that reading configuration and models took, that of the program's own code with it.
///
/// Reading a configuration and models runs through ten megabytes of code that the daemon never needs again while it
/// works; the system counts every page of it as resident for as long as nobody asks for the room. What is still needed
/// comes back by itself at the first use, from the file or the page cache.
enum StartupCode {
  static func letGo() {
    // What was allocated on the way, too: the old models stay beside the new ones until a reload is complete.
    malloc_trim(0)
    guard let file = fopen("/proc/self/maps", "re") else { return }
    defer { fclose(file) }
    var line: UnsafeMutablePointer<CChar>?
    var room = 0
    defer { free(line) }
    while getline(&line, &room, file) > 0 {
      guard let line, let (range, isCode) = parse(String(cString: line)), isCode else { continue }
      // Private mappings that can be run and never were writable: their pages are the file's, so dropping them loses
      // nothing. (There are no text relocations, which would make pages of code that differ from the file.)
      madvise(UnsafeMutableRawPointer(bitPattern: range.lowerBound), range.count, MADV_DONTNEED)
    }
  }

  /// A line as `7f12c000-7f13d000 r-xp 00002000 08:01 1234 /usr/lib/…`: the addresses, and whether it is a file's code.
  static func parse(_ line: String) -> (range: Range<UInt>, isCode: Bool)? {
    let fields = line.split(whereSeparator: \.isWhitespace)
    guard fields.count >= 5 else { return nil }
    let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
    guard ends.count == 2, ends[0] < ends[1] else { return nil }
    return (ends[0]..<ends[1], fields[1] == "r-xp" && fields.count > 5 && fields[5].hasPrefix("/"))
  }
}
