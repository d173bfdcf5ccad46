import Foundation
import Glibc

/// What the system knows about this process, under the names that Prometheus clients use.
struct ProcessFigures: Equatable, Sendable {
  var cpuMicroseconds: Int64 = 0
  var residentBytes: Int64 = 0
  var virtualBytes: Int64 = 0
  var threads: Int64 = 0
  var openDescriptors = 0
  /// Since 1970.
  var startSeconds: Int64 = 0

  static func now() -> Self {
    var figures = ProcessFigures()
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    for time in [usage.ru_utime, usage.ru_stime] {
      figures.cpuMicroseconds += Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_usec)
    }
    let text = (try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8)) ?? ""
    // The name in parentheses may hold anything; fields are counted behind it, from the state on.
    let fields = (text.split(separator: ")").last?.split(separator: " ") ?? []).map { Int64($0) ?? 0 }
    if fields.count > 21 {
      let ticks = Int64(sysconf(Int32(_SC_CLK_TCK)))
      figures.threads = fields[17]
      figures.virtualBytes = fields[20]
      figures.residentBytes = fields[21] * Int64(sysconf(Int32(_SC_PAGESIZE)))
      figures.startSeconds = bootSeconds() + fields[19] / max(1, ticks)
    }
    figures.openDescriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    return figures
  }

  /// When the machine was started, seconds since 1970.
  private static func bootSeconds() -> Int64 {
    let lines = ((try? String(contentsOfFile: "/proc/stat", encoding: .utf8)) ?? "").split(separator: "\n")
    return lines.first { $0.hasPrefix("btime ") }.flatMap { Int64($0.dropFirst(6)) } ?? 0
  }
}
