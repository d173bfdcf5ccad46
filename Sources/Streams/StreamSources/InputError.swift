import Failures

/// What is wrong with a recording that can be read but not used.
public struct InputError: ReportedError, Equatable, Sendable {
  /// File name, or `standard input`.
  public let source: String
  /// Where in it, if somewhere.
  public let place: String?
  public let problem: String
  public let remedy: String

  public init(source: String, place: String? = nil, problem: String, remedy: String) {
    self.source = source
    self.place = place
    self.problem = problem
    self.remedy = remedy
  }

  public var kind: FailureKind { .badInput }
  public var description: String { "\(source)\(place.map { ", \($0)" } ?? ""): \(problem); \(remedy)" }
}
