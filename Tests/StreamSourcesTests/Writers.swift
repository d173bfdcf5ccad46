import Foundation

/// Programs that write into one pipe or file, one after another.
enum Writers {
  /// Lets writers begin on a thread of their own, each opening the path first and giving its pieces with a pause after
  /// each.
  ///
  /// One who began before the end of the other was seen would be the same writer to whoever reads a pipe, so each waits
  /// until the reader has opened the pipe anew.
  static func begin(_ writers: [[[UInt8]]], to path: String, pauseMicroseconds: UInt32 = 2_000) {
    Thread {
      for (index, pieces) in writers.enumerated() {
        let descriptor = open(path, O_WRONLY | O_APPEND)
        for piece in pieces {
          _ = piece.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
          usleep(pauseMicroseconds)
        }
        let readers = descriptors(of: path).subtracting([descriptor])
        close(descriptor)
        guard index < writers.count - 1 else { break }
        while descriptors(of: path) == readers { usleep(1_000) }
      }
    }.start()
  }

  /// Those of this process that lead to a path.
  static func descriptors(of path: String) -> Set<Int32> {
    let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return Set(
      open.compactMap(Int32.init).filter {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))?.hasSuffix(path) == true
      })
  }
}
