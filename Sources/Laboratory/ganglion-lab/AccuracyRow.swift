import ArgumentParser
import CommandSupport
import Foundation
import Numerics

/// `ganglion-lab accuracy`: what the logs of several trainings say, as a row of the tables in `Samples/results`.
struct AccuracyRow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accuracy",
    abstract: "Accuracies of several seeds as a row of a table.",
    discussion: """
      Reads the lines "test: 99.6 % (97.8 to 99.9) of 250" of the logs of ganglion train. Prints the accuracy of each seed, \
      their mean with its 95 % interval over the seeds (Student's t) and over the recordings of the test part (Wilson, of the \
      mean, as if it had been found on so many recordings once), and the same with identical recordings counted once.
      """)

  @Argument(help: "What the row is called.") var title: String
  @Argument(help: "Logs of trainings, one for each seed.", completion: .file()) var logs: [String]

  /// What one kind of line says in all logs.
  private struct Accuracies {
    var shares: [Double] = []
    var total = 0

    /// - Parameter line: of a log, the accuracy behind its first colon and the number of recordings at its end.
    mutating func add(_ line: Substring) {
      let words = line.drop { $0 != ":" }.dropFirst().split(separator: " ")
      guard let percent = words.first.flatMap({ Double($0) }), let count = words.last.flatMap({ Int($0) }) else {
        return
      }
      shares.append(percent / 100)
      total = count
    }

    var overSeeds: String { SeedStatistics(shares).percentText }

    var overRecordings: String {
      let bounds = Proportion.interval(share: SeedStatistics(shares).mean, total: total)
      return "\(Proportion.percent(bounds.lowerBound)) to \(Proportion.percent(bounds.upperBound)) of \(total)"
    }
  }

  func run() throws {
    var (plain, once) = (Accuracies(), Accuracies())
    for log in logs {
      guard let text = try? String(contentsOfFile: log, encoding: .utf8) else {
        throw ValidationError("\(log) cannot be read")
      }
      for line in text.split(separator: "\n") {
        if line.hasPrefix("test:") { plain.add(line) } else if line.hasPrefix("test,") { once.add(line) }
      }
    }
    guard !plain.shares.isEmpty else { throw ValidationError("no log says how a test went") }
    let seeds = plain.shares.map(Proportion.percent).joined(separator: ", ")
    let withoutRepeats = once.shares.isEmpty ? "no repeats" : "\(once.overSeeds); \(once.overRecordings)"
    try StandardOutput.shared.write(
      line: "| \(title) | \(seeds) | \(plain.overSeeds) | \(plain.overRecordings) | \(withoutRepeats) |")
  }
}
