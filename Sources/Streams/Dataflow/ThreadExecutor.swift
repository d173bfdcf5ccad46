import Glibc
import Synchronization

/// Runs tasks and actors on one thread of its own, so that long computations and blocking reads never occupy the shared
/// pool (which has as many threads as there are cores, and stops the whole program when all are busy).
///
/// Give it to an actor as its executor and to the task that runs the actor as its preference; with only one of the two
/// every call hops through the pool. The thread starts with the first job and ends after `shutDown` once nothing is
/// left; jobs that come later start it again for as long as they take.
public final class ThreadExecutor: SerialExecutor, TaskExecutor, Sendable {
  public let name: String
  private let queue = Mutex(Queue())
  private let ready = Condition()

  private struct Queue {
    var jobs: [UnownedJob] = []
    /// The list that was worked off last, empty: the two take turns, so that no job costs an allocation.
    var spare: [UnownedJob] = []
    var isRunning = false
    var isShutDown = false
  }

  /// - Parameter name: shown by debuggers; Linux keeps 15 characters.
  public init(name: String) {
    self.name = name
  }

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let mustStart = queue.withLock { queue in
      queue.jobs.append(job)
      defer { queue.isRunning = true }
      return !queue.isRunning
    }
    if mustStart { start() } else { ready.signal() }
  }

  public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

  /// Lets the thread go once nothing is left to run.
  public func shutDown() {
    queue.withLock { $0.isShutDown = true }
    ready.signal()
  }

  private func start() {
    var thread = pthread_t()
    // The thread keeps the executor alive until it ends.
    let this = Unmanaged.passRetained(self)
    let failure = pthread_create(
      &thread, nil,
      { raw in
        if let raw { Unmanaged<ThreadExecutor>.fromOpaque(raw).takeRetainedValue().work() }
        return nil
      }, this.toOpaque())
    precondition(failure == 0, "no thread for \(name): \(String(cString: strerror(failure)))")
    pthread_detach(thread)
  }

  private func work() {
    nameThread()
    while var jobs = take() {
      for job in jobs {
        job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
      }
      jobs.removeAll(keepingCapacity: true)
      queue.withLock { $0.spare = jobs }
    }
  }

  /// Names the calling thread; Linux keeps 15 bytes.
  private func nameThread() {
    let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
    if file < 0 { return }
    let bytes = Array(name.utf8.prefix(15))
    // A thread without a name works as well.
    _ = write(file, bytes, bytes.count)
    close(file)
  }

  /// All jobs that wait, waiting for the first; nil when the thread is to end.
  private func take() -> [UnownedJob]? {
    while true {
      let turn = ready.turn
      let (jobs, mustEnd) = queue.withLock { queue -> ([UnownedJob], Bool) in
        if !queue.jobs.isEmpty {
          let jobs = queue.jobs
          queue.jobs = queue.spare
          queue.spare = []
          return (jobs, false)
        }
        if queue.isShutDown { queue.isRunning = false }
        return ([], queue.isShutDown)
      }
      if !jobs.isEmpty { return jobs }
      if mustEnd { return nil }
      ready.wait(after: turn)
    }
  }
}

/// Wakes one waiting thread; a signal between looking and waiting is not lost.
private final class Condition: @unchecked Sendable {
  // Both live on the heap at a fixed address from init to deinit, as pthread asks; `turns` is only touched under the
  // mutex. That makes the class safe to share.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var turns = 0

  init() {
    mutex.initialize(to: pthread_mutex_t())
    condition.initialize(to: pthread_cond_t())
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  /// Number of signals so far.
  var turn: Int {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return turns
  }

  func signal() {
    pthread_mutex_lock(mutex)
    turns += 1
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  /// Returns once there were more signals than `turn`.
  func wait(after turn: Int) {
    pthread_mutex_lock(mutex)
    while turns == turn { pthread_cond_wait(condition, mutex) }
    pthread_mutex_unlock(mutex)
  }
}
