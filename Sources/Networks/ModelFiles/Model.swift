import Digests
import FoundationEssentials
import Glibc
import Numerics
import OutputFiles
import Recognition
import SoundEncoders
import Spiketrum
import SpikingNetworks

/// A network that is ready to run, with the manifest that says how.
public struct Model: Sendable {
  public let manifest: ModelManifest
  public let network: Network<Float>
  /// The network in the form that steps quickest.
  public let stepped: Network<Float>

  /// Largest file that is read into memory.
  private static let largestFile = 1 << 30

  /// Puts a manifest and a network together; throws `ModelError` (its path is the manifest's name) where they disagree.
  public init(manifest: ModelManifest, network: Network<Float>) throws(ModelError) {
    try self.init(manifest: manifest, network: network, path: manifest.name)
  }

  private init(manifest: ModelManifest, network: Network<Float>, path: String) throws(ModelError) {
    func refuse(_ why: String) -> ModelError { ModelError(path: path, reason: .manifest(why)) }
    if manifest.sense != manifest.encoder.sense {
      throw refuse("its sense is \(manifest.sense.rawValue), its encoder is for \(manifest.encoder.sense.rawValue)")
    }
    if case .sound(let encoding) = manifest.encoder {
      do throws(EncoderError) {
        try encoding.check()
      } catch .version(let encoder, let found, let known) {
        throw ModelError(path: path, reason: .encoderVersion(encoder, found: found, known: known))
      } catch {
        throw refuse(error.description)
      }
    }
    if Set(manifest.labels).count != manifest.labels.count { throw refuse("a label occurs twice") }
    if network.outputCount != manifest.labels.count {
      throw refuse("the network has \(network.outputCount) outputs for \(manifest.labels.count) labels")
    }
    // Equal in number is enough: a network may read a row of inputs as a map of channels and levels.
    if network.inputWidth != manifest.encoder.shape.reduce(1, *) {
      throw refuse("the encoder makes \(manifest.encoder.shape), the network takes \(network.inputShape)")
    }
    if let problem = Self.problem(with: manifest, contexts: network.contextCount) { throw refuse(problem) }
    do throws(RecognitionError) {
      try manifest.decision.validate(labels: manifest.labels)
    } catch {
      throw refuse(error.description)
    }
    self.manifest = manifest
    self.network = network
    stepped = network.sparse()
  }

  /// The same model with its weights in 8 bits, in its file and where it runs.
  public func withEightBitWeights() throws(ModelError) -> Model {
    var manifest = manifest
    manifest.weightBits = 8
    return try Model(manifest: manifest, network: network.withEightBitWeights())
  }

  /// The same model with the thresholds that were measured under a name, such as `high`; itself for nil.
  public func with(sensitivity name: String?) throws(ModelError) -> Model {
    guard let name else { return self }
    guard let decision = manifest.decision.with(sensitivity: name) else {
      let known = manifest.decision.stream?.sensitivities.map(\.name) ?? []
      throw ModelError(path: manifest.name, reason: .unknownSensitivity(name, known: known))
    }
    var manifest = manifest
    manifest.decision = decision
    return try Model(manifest: manifest, network: network)
  }

  /// Reads a model file and checks everything in it before anything runs.
  public init(reading path: String) throws(ModelError) {
    let container = try Self.container(path)
    guard let text = container.metadata[ModelManifest.metadataKey] else {
      throw ModelError(path: path, reason: .noManifest)
    }
    let manifest = try Self.manifest(text, path: path)
    let digest = Self.digest(of: container.tensors)
    if digest != manifest.sha256 {
      throw ModelError(path: path, reason: .digest(expected: manifest.sha256, found: digest))
    }
    let network: Network<Float>
    do throws(NetworkError) {
      network = try Network(manifest.network, tensors: container.tensors)
    } catch {
      throw ModelError(path: path, reason: .tensors(error.description))
    }
    try self.init(manifest: manifest, network: network, path: path)
  }

  /// Writes the model file whole or not at all, and returns the manifest as written, with its digest.
  @discardableResult
  public func write(to path: String) throws(ModelError) -> ModelManifest {
    var manifest = manifest
    let bytes: Data
    do {
      let network = manifest.weightBits == nil ? self.network : self.network.withEightBitWeights()
      let tensors = try network.tensors()
      manifest.sha256 = Self.digest(of: tensors)
      // Who does not know of missing weights, tasks or 8 bits can still read a model that has none of them.
      let isSparse = manifest.tasks != nil || tensors.values.contains(where: Safetensors.isStoredSparse)
      let isNew = manifest.weightBits != nil || manifest.decision.stream != nil
      manifest.formatVersion =
        isNew
        ? ModelManifest.currentFormatVersion
        : isSparse ? ModelManifest.sparseFormatVersion : ModelManifest.denseFormatVersion
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let text = String(decoding: try encoder.encode(manifest), as: UTF8.self)
      bytes = try Safetensors(
        tensors: tensors, metadata: [ModelManifest.metadataKey: text],
        eightBit: manifest.weightBits == nil ? [] : network.eightBitTensors
      ).encoded()
    } catch let error as EncodingError {
      throw ModelError(path: path, reason: .manifest(error.place))
    } catch {
      throw ModelError(path: path, reason: .cannotWrite("\(error)"))
    }
    do throws(OutputFileError) {
      try OutputFile.write(bytes.bytes, to: path, isLasting: true)
    } catch {
      throw ModelError(path: path, reason: .cannotWrite(error.reason))
    }
    return manifest
  }

  /// SHA-256 of the tensors' little-endian bytes in the order of their names.
  static func digest(of tensors: [String: Tensor]) -> String {
    var digest = SHA256Digest()
    for name in tensors.keys.sorted() {
      tensors[name]?.values.withUnsafeBytes { digest.add($0) }
    }
    return digest.hexadecimal
  }

  private static func container(_ path: String) throws(ModelError) -> Safetensors {
    let bytes = try bytes(of: path)
    do {
      return try Safetensors(decoding: bytes)
    } catch {
      throw ModelError(path: path, reason: .container("\(error)"))
    }
  }

  private static func bytes(of path: String) throws(ModelError) -> Data {
    func refusal() -> ModelError { ModelError(path: path, reason: .cannotOpen(String(cString: strerror(errno)))) }
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw refusal() }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw refusal() }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw ModelError(path: path, reason: .cannotOpen("it is a folder"))
    }
    func check(_ size: Int) throws(ModelError) {
      if size > largestFile {
        throw ModelError(path: path, reason: .container("has \(size) bytes, no model is so large"))
      }
    }
    try check(Int(status.st_size))
    // A pipe has no size: it is read to its end.
    var bytes = Data(capacity: Int(status.st_size))
    var part = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = read(file, &part, part.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw refusal() }
      if count == 0 { return bytes }
      bytes.append(contentsOf: part[0..<count])
      try check(bytes.count)
    }
  }

  private static func manifest(_ text: String, path: String) throws(ModelError) -> ModelManifest {
    /// Read first, because a newer manifest may differ in everything else.
    struct Version: Codable { var formatVersion: Int }
    do {
      let found = try JSONDecoder().decode(Version.self, from: Data(text.utf8)).formatVersion
      let known = ModelManifest.currentFormatVersion
      if found > known { throw ModelError(path: path, reason: .newerVersion(found: found, known: known)) }
      return try JSONDecoder().decode(ModelManifest.self, from: Data(text.utf8))
    } catch let error as ModelError {
      throw error
    } catch let error as DecodingError {
      throw ModelError(path: path, reason: .manifest(error.place))
    } catch {
      throw ModelError(path: path, reason: .manifest("\(error)"))
    }
  }
}

extension EncodingError {
  /// Which value of a document cannot be written, on one line.
  var place: String {
    guard case .invalidValue(let value, let context) = self else { return "\(self)" }
    let path = context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }
    return "\(path.isEmpty ? "a value" : path.joined(separator: ".")) is \(value)"
  }
}

extension DecodingError {
  /// Where in a document decoding failed, and why, on one line.
  var place: String {
    let (context, extra): (Context, [any CodingKey]) =
      switch self {
      case .keyNotFound(let key, let context): (context, [key])
      case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context): (context, [])
      @unknown default: (Context(codingPath: [], debugDescription: "\(self)"), [])
      }
    let path = (context.codingPath + extra).map { $0.intValue.map(String.init) ?? $0.stringValue }
    if case .keyNotFound = self { return "\(path.joined(separator: ".")) is missing" }
    return path.isEmpty ? context.debugDescription : "\(path.joined(separator: ".")): \(context.debugDescription)"
  }
}
