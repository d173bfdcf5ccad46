import SocketProtocol

/// What a wake service says.
enum WyomingReply {
  /// What there is to wake by, all of it in one program: of several, most peers look at the first alone.
  static func info(_ words: [WakeWords.Word], program: String) -> [UInt8] {
    var wake = artifact("ganglion", "Wake words by spiking networks", version: program)
    wake.add(
      "models",
      words.map { word in
        var model = artifact(word.name, word.name, version: word.version)
        model.add("languages", [String]())
        model.add("phrase", word.label)
        return model
      })
    var info = JSONLine()
    for other in ["asr", "tts", "handle", "intent"] { info.add(other, [JSONLine]()) }
    info.add("wake", [wake])
    for other in ["mic", "snd"] { info.add(other, [JSONLine]()) }
    return event("info", info)
  }

  static func detection(_ name: String, milliseconds: Int64) -> [UInt8] {
    var data = JSONLine()
    data.add("name", name)
    data.add("timestamp", milliseconds)
    return event("detection", data)
  }

  static let notDetected = event("not-detected", nil)

  static func pong(_ text: String?) -> [UInt8] {
    guard let text else { return event("pong", nil) }
    var data = JSONLine()
    data.add("text", text)
    return event("pong", data)
  }

  static func error(_ error: WyomingError) -> [UInt8] {
    var data = JSONLine()
    data.add("text", error.description)
    data.add("code", error.code)
    return event("error", data)
  }

  private static func artifact(_ name: String, _ description: String, version: String) -> JSONLine {
    var attribution = JSONLine()
    attribution.add("name", "Ganglion")
    attribution.add("url", "")
    var artifact = JSONLine()
    artifact.add("name", name)
    artifact.add("attribution", attribution)
    artifact.add("installed", isTrue: true)
    artifact.add("description", description)
    artifact.add("version", version)
    return artifact
  }

  private static func event(_ type: String, _ data: JSONLine?) -> [UInt8] {
    var header = JSONLine(type: type)
    guard let bytes = data?.closed else { return header.line }
    header.add("data_length", Int64(bytes.count))
    return header.line + bytes
  }
}
