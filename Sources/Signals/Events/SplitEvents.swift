/// Cuts a whole recording into so many windows of equal time or, with `byCount`, of equal numbers of events. Strays in
/// front of it are in the first window, but do not lengthen it.
public func splitEvents(_ batch: EventBatch, frames: Int, byCount: Bool = false) -> [EventBatch] {
  precondition(frames >= 1, "a recording has at least one frame")
  guard batch.count > 0, let last = batch.times.last else {
    return [EventBatch](repeating: EventBatch(), count: frames)
  }
  if byCount {
    return (0..<frames).map { frame in
      batch.slice(batch.count * frame / frames..<batch.count * (frame + 1) / frames)
    }
  }
  let strays = RecordingStart.strays(in: batch.times, isComplete: true) ?? 0
  let first = batch.times[strays]
  var index = 0
  return (0..<frames).map { frame in
    let end = first + (last - first + 1) * Int64(frame + 1) / Int64(frames)
    let next = frame == frames - 1 ? batch.count : batch.firstIndex(atOrAfter: end, from: max(index, strays))
    defer { index = next }
    return batch.slice(index..<next)
  }
}
