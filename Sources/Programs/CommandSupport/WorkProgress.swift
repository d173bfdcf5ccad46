import Foundation
import Synchronization

/// A bar on standard error for work of known length, renewed in place; nothing where nobody is watching.
package final class WorkProgress: Sendable {
  private let isShown = StandardError.isTerminal
  private let lastShown = Mutex(Date.distantPast)

  package init() {}

  /// Shows a bar and a text, at most ten times a second; the last state (`done == total`) always.
  package func show(_ title: String, done: Int, total: Int, detail: String = "") {
    guard isShown, total > 0 else { return }
    let now = Date()
    let due = lastShown.withLock { last in
      guard done == total || now.timeIntervalSince(last) >= 0.1 else { return false }
      last = now
      return true
    }
    guard due else { return }
    let width = 24
    let filled = width * done / total
    let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: width - filled)
    StandardError.write("\(StandardError.clearedLine)\(title) \(bar) \(100 * done / total) %  \(detail)")
  }

  /// Removes the line.
  package func clear() {
    guard isShown else { return }
    StandardError.write(StandardError.clearedLine)
  }
}
