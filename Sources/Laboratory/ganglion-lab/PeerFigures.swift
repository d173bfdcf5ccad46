import CommandSupport
import Failures
import Foundation

/// What other frameworks reached on the benchmark's networks, as their scripts wrote it down: one JSON object a line.
///
/// Of each line are read `peer`, `net`, `what` (`train_batch` or `infer_step`), `threads`, `wall_med` (median seconds of
/// one batch or step) and, of a training line, `samples_per_s` and, if it is there, `maxrss_mb` (the process's peak, MiB).
/// Where a figure was taken twice the last one counts.
struct PeerFigures {
  struct Figure: Decodable, Equatable {
    var peer: String
    var net: String
    var what: String
    var threads: Int
    var medianSeconds: Double
    var samplesPerSecond: Double?
    var peakMebibytes: Double?

    enum CodingKeys: String, CodingKey {
      case peer, net, what, threads
      case medianSeconds = "wall_med"
      case samplesPerSecond = "samples_per_s"
      case peakMebibytes = "maxrss_mb"
    }
  }

  private(set) var figures: [Figure] = []

  init(path: String) throws {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw InputFileError(path: path, reason: "cannot be read")
    }
    try self.init(lines: text, path: path)
  }

  init(lines: String, path: String) throws {
    for (index, line) in lines.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    where !line.allSatisfy(\.isWhitespace) {
      let figure: Figure
      do {
        figure = try JSONDecoder().decode(Figure.self, from: Data(line.utf8))
      } catch {
        throw InputFileError(
          path: path, reason: "line \(index + 1) is no object with peer, net, what, threads and wall_med")
      }
      figures.removeAll {
        $0.peer == figure.peer && $0.net == figure.net && $0.what == figure.what && $0.threads == figure.threads
      }
      figures.append(figure)
    }
  }

  /// How much faster a measurement is than one of a peer's, and how much memory the peer's takes for each MiB of ours.
  struct Ratio: Equatable {
    var peer: String
    var speed: Double
    var memory: Double?
  }

  /// The fastest peer first.
  ///
  /// - Parameters:
  ///   - median: samples a second of training, milliseconds of a step.
  ///   - peakMebibytes: the process's peak.
  func ratios(network: String, isTraining: Bool, threads: Int, median: Double, peakMebibytes: Int) -> [Ratio] {
    figures.filter {
      $0.net == network && $0.threads == threads && $0.what == (isTraining ? "train_batch" : "infer_step")
    }.compactMap { figure in
      guard isTraining else { return Ratio(peer: figure.peer, speed: figure.medianSeconds * 1000 / median) }
      let memory = figure.peakMebibytes.map { $0 / Double(max(peakMebibytes, 1)) }
      return figure.samplesPerSecond.map { Ratio(peer: figure.peer, speed: median / $0, memory: memory) }
    }.sorted { $0.speed < $1.speed }
  }
}
