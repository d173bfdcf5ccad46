import Failures
import Foundation

/// Why figures cannot be printed.
package struct FigureError: ReportedError, Equatable {
  package let description: String
  package var kind: FailureKind { .other }

  package init(description: String) { self.description = description }
}

/// A value as JSON, its keys in order, on one line unless `isPretty`.
///
/// - Throws: `FigureError` for a figure that is no number, with its place.
package func jsonText(_ value: some Encodable, isPretty: Bool = false) throws(FigureError) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
  do {
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  } catch EncodingError.invalidValue(let figure, let context) {
    let place = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    throw FigureError(description: "\(place.isEmpty ? "a figure" : place) is \(figure), which JSON cannot say")
  } catch {
    throw FigureError(description: "figures cannot be written as JSON (\(error))")
  }
}
