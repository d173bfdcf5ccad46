import Events
import Failures
import OutputFiles

/// Writes intensities as grey video in YUV4MPEG2, which ffmpeg and most players read.
package struct Y4MWriter {
  private let file: OutputFile
  private let geometry: SensorGeometry
  private var bytes: [UInt8] = []

  package init(path: String, geometry: SensorGeometry, framesPerSecond: Int) throws(OutputFileError) {
    file = try OutputFile(path)
    self.geometry = geometry
    try file.write(
      Array("YUV4MPEG2 W\(geometry.width) H\(geometry.height) F\(framesPerSecond):1 Ip A1:1 Cmono\n".utf8))
  }

  /// Writes a frame of linear intensities, 1 for white; the samples have a gamma of 2.2.
  package mutating func write(_ intensities: [Float]) throws(OutputFileError) {
    precondition(intensities.count == geometry.pixelCount, "a frame has a value for every pixel")
    bytes.removeAll(keepingCapacity: true)
    bytes += Array("FRAME\n".utf8)
    for value in intensities { bytes.append(UInt8(min(255, max(0, 255 * Gamma.coded(value))).rounded())) }
    try file.write(bytes)
  }

  package func finish() throws(OutputFileError) { try file.finish() }
}
