import Events
import ModelFiles
import Numerics
import StreamSources

/// Events, binned; their times are stream time already.
public struct EventSegments: SegmentEncoder {
  private let configuration: EventBinningConfiguration
  private let source: String
  /// For the camera and fit of the blocks.
  private var fresh: EventBinner
  private var camera: SensorGeometry?
  private var fit = SensorFit()
  private var binner: EventBinner
  private var lastEnd: Int64?

  /// - Throws: for a model that listens.
  public init(_ model: PreparedModel, source: String) throws {
    guard case .events(let configuration) = model.encoder else {
      throw InputError(
        source: source, problem: "carries events, and \(model.model.manifest.name) listens to sound",
        remedy: "give a model that watches")
    }
    self.configuration = configuration
    fresh = try EventBinner(configuration)
    binner = fresh
    self.source = source
  }

  public var originMicroseconds: Int64 { 0 }

  /// Events have no rate: only the source knows whether some are missing, and the pause is what may hold them.
  public func missing(before block: EventBlock, droppedBefore: Int) -> Int64 {
    guard let lastEnd, block.loss != nil || droppedBefore > 0 else { return 0 }
    return max(0, block.startMicroseconds - lastEnd)
  }

  public mutating func begin(_ block: EventBlock) throws {
    if block.camera != camera || block.fit != fit {
      do throws(EventBinningError) {
        fresh = try EventBinner(configuration, camera: block.camera, fit: block.fit)
      } catch {
        throw InputError(source: source, problem: error.description, remedy: "nothing of it was classified")
      }
      (camera, fit) = (block.camera, block.fit)
    }
    binner = fresh
  }

  public mutating func push(_ block: EventBlock, emit: (SpikeFrame) -> Void) throws {
    do throws(EventBinningError) {
      try binner.push(block.events, emit: emit)
    } catch {
      throw InputError(source: source, problem: error.description, remedy: "results cover what came before")
    }
    lastEnd = block.endMicroseconds
  }

  public mutating func advance(toMicroseconds time: Int64, emit: (SpikeFrame) -> Void) {
    binner.advance(toMicroseconds: time, emit: emit)
  }

  public mutating func finish(emit: (SpikeFrame) -> Void) { binner.finish(emit: emit) }
}
