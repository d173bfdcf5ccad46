import ClassifierStreams
import ModelFiles
import Synchronization

/// Where a running stream finds the model that is to replace its own.
final class ModelSlot: Sendable {
  /// The task a stream was told last, as the user calls it, and how often it was told one.
  private let told: Mutex<(task: String?, count: Int)>

  init(task: String? = nil) {
    told = Mutex((task, 0))
  }

  func tell(task: String?) { told.withLock { $0 = (task, $0.count + 1) } }

  var task: (name: String?, count: Int) { told.withLock { ($0.task, $0.count) } }

  /// A model, and what to do once a stream has it.
  struct Offer: Sendable {
    let model: PreparedModel
    let whenTaken: @Sendable () -> Void
  }

  private let next = Mutex<Offer?>(nil)

  func offer(_ model: PreparedModel, whenTaken: @escaping @Sendable () -> Void) {
    next.withLock { $0 = Offer(model: model, whenTaken: whenTaken) }
  }

  var isOffered: Bool { next.withLock { $0 != nil } }

  func take() -> Offer? {
    next.withLock { waiting in
      defer { waiting = nil }
      return waiting
    }
  }
}
