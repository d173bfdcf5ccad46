import Audio
import Events
import Foundation
import StreamSources
import TestSupport
import Testing

@testable import Daemon

struct ConfigurationTests {
  private func problems(_ yaml: String) -> [String] {
    do throws(ConfigurationError) {
      _ = try DaemonConfiguration(yaml: yaml, path: "/etc/ganglion/g.yaml")
      return []
    } catch {
      return error.diagnostics.map { diagnostic in
        "\(diagnostic.line.map(String.init) ?? "-"): \(diagnostic.problem)"
      }
    }
  }

  @Test func everySettingIsRead() throws {
    let configuration = try DaemonConfiguration(
      yaml: """
        socket: {path: run/g.sock, mode: "0600", users: [root, 1234], groups: [0], subscribers: 9, queue_messages: 50,
          queue_bytes: 70000, slow_seconds: 2.5}
        models: {digits: m/digits.safetensors, other: /abs/other.safetensors}
        sources:
          mic: {type: alsa, device: "hw:1,0", rate: 48000, channels: 2, channel: 1, encoding: S32_LE, seconds: 3, gain: -3.5,
            models: digits}
          cam: {type: udp, port: 3333, format: jaer, host: 0.0.0.0, models: [other]}
          fifo: {type: pipe, path: /run/p, raw: "s16le:8000:1"}
          log: {type: follow, path: f.raw, from: end, input_format: evt2, sensor: 34x34, aedat2_layout: davis346, csv_columns: "3,0,1,2",
            time_unit: ns, group: left/events, stream: "1", sample: 2}
          film: {type: file, path: a.wav, pace: real}
          in: {type: stdin}
        metrics: "127.0.0.1:9464"
        log: debug
        """, path: "/etc/ganglion/g.yaml")
    #expect(configuration.socket.path == "/etc/ganglion/run/g.sock")
    #expect(configuration.socket.mode == 0o600)
    #expect(configuration.socket.users == [0, 1_234])
    #expect(configuration.socket.groups == [0])
    #expect(configuration.socket.maximumSubscribers == 9)
    #expect(configuration.socket.limits.queueMessages == 50)
    #expect(configuration.socket.limits.queueBytes == 70_000)
    #expect(configuration.socket.limits.slowMilliseconds == 2_500)
    #expect(configuration.models.map(\.file) == ["/etc/ganglion/m/digits.safetensors", "/abs/other.safetensors"])
    let sources = Dictionary(uniqueKeysWithValues: configuration.sources.map { ($0.id, $0) })
    #expect(
      sources["mic"]?.input == .alsa(device: "hw:1,0", rate: 48_000, channels: 2, channel: 1, encoding: "S32_LE"))
    #expect(sources["mic"]?.models == ["digits"])
    #expect(sources["mic"]?.seconds == 3)
    #expect(sources["cam"]?.input == .udp(host: "0.0.0.0", port: 3_333, format: .jaer))
    #expect(sources["fifo"]?.input == .feed(.pipe, path: "/run/p"))
    #expect(sources["fifo"]?.reading.sound.raw == "s16le:8000:1")
    #expect(sources["mic"]?.reading.sound == SoundReadingOptions(gain: -3.5))
    let log = try #require(sources["log"]?.reading.events)
    #expect(log.format == .evt2 && log.geometry?.width == 34 && log.aedat2Layout == .davis346)
    #expect(log.csv.timeColumn == 3 && log.timeUnit == .nanoseconds && log.group == "left/events")
    #expect(log.stream == "1" && log.sample == 2)
    #expect(sources["fifo"]?.models == ["digits", "other"])
    #expect(sources["log"]?.input == .feed(.followed, path: "/etc/ganglion/f.raw"))
    #expect(sources["log"]?.beginsAtEnd == true && sources["fifo"]?.beginsAtEnd == false)
    #expect(sources["film"]?.isPaced == true)
    #expect(sources["in"]?.input == .feed(.standardInput, path: "standard input"))
    #expect(configuration.metrics == .loopback(port: 9_464))
    #expect(configuration.logLevel == .debug)
  }

  @Test func aCameraMayBeFilteredAndFitted() throws {
    let configuration = try DaemonConfiguration(
      yaml: """
        models: {a: b}
        sources:
          camera:
            type: udp
            port: 3333
            sensor: 640x480
            filters:
              - mask=0,0,4,4
              - flicker
            fit: region=100,0,480,480
            turn: 180
            mirror: true
          other: {type: stdin, filters: background=500}
        """, path: "/g.yaml")
    let reading = configuration.sources[0].reading
    #expect(reading.filters == ["mask=0,0,4,4", "flicker"])
    #expect(
      reading.fit
        == SensorFit(.region(PixelRectangle(x: 100, y: 0, width: 480, height: 480)), turn: .half, isMirrored: true))
    #expect(reading.events.geometry == SensorGeometry(width: 640, height: 480))
    #expect(configuration.sources[1].reading.filters == ["background=500"])
  }

  @Test func aModelMayHaveASensitivity() throws {
    let file = try TemporaryFile(
      Array("models: {a: x.st, b: {file: y.st, sensitivity: high}}\nsources: {in: {type: stdin}}".utf8))
    let models = try DaemonConfiguration(path: file.path).models
    #expect(models.map(\.sensitivity) == [nil, "high"])
    #expect(models[1].file.hasSuffix("/y.st"))
    let found = problems("models: {b: {file: y.st, sensitivity: loud}}\nsources: {in: {type: stdin}}")
    #expect(found.contains { $0.contains("sensitivity of model 'b'") && $0.contains("low, normal, high") }, "\(found)")
  }

  @Test func everythingThatIsWrongIsToldAtOnceWithItsLine() {
    let found = problems(
      """
      sockt: {}
      models:
        digits: d.safetensors
      sources:
        mic:
          type: alsaa
        a b:
          type: file
          pth: x
        cam:
          type: udp
          port: 99999
          models: [digit]
        one: {type: stdin}
        two: {type: stdin}
      metrics: 0.0.0.0:1
      log: loud
      """)
    let expected = [
      "1: the configuration has no setting 'sockt'; did you mean 'socket'?",
      "6: the type of source 'mic' is 'alsaa', allowed is alsa, file, follow, pipe, stdin, tcp, udp, unix, wyoming; did you mean 'alsa'?",
      "8: a source's name is made of up to 64 letters, digits, '-', '_' and '.', 'a b' is not",
      "8: source 'a b' of type file needs 'path'",
      "9: source 'a b' of type file has no setting 'pth'; did you mean 'path'?",
      "12: port of source 'cam' is '99999', allowed is a whole number of 1 to 65535",
      "13: source 'cam' wants model 'digit', which is not defined",
      "15: standard input can be read by one source only",
      "16: metrics is '0.0.0.0:1', allowed is 127.0.0.1:PORT or unix:PATH",
      "17: log is 'loud', allowed is debug, info, warning, error",
    ]
    #expect(found == expected)
  }

  @Test(arguments: [
    ("", "-: is empty; it needs at least models and sources"), ("just text", "1: the configuration is no mapping"),
    ("models: {a: b}", "-: names no sources"), ("sources: {in: {type: stdin}}", "-: names no models"),
    ("models: [", "2: did not find"), ("models: {a: b}\nsources: {}", "2: sources names no source"),
    ("models: {a: {b: c}}\nsources: {in: {type: stdin}}", "1: model 'a' names no file"),
    ("socket: {mode: 999}\nmodels: {a: b}\nsources: {in: {type: stdin}}", "1: socket.mode is no file mode"),
    ("socket: {users: [nobody-here]}\nmodels: {a: b}\nsources: {in: {type: stdin}}", "1: there is no user"),
    ("models: {a: b}\nsources: {f: {type: file, path: x, raw: quux}}", "2: raw of source 'f' is 'quux'"),
    ("models: {a: b}\nsources: {f: {type: alsa, rate: fast}}", "2: rate of source 'f' is 'fast'"),
    ("models: {a: b}\nsources: {f: {type: alsa, encoding: MU_LAW}}", "2: encoding of source 'f' is 'MU_LAW'"),
    ("models: {a: b}\nsources: {f: {type: follow, path: x, from: middle}}", "2: from of source 'f' is 'middle'"),
    (
      "models: {a: b}\nsources: {f: {type: udp, port: 1, fit: letterbox}}",
      "2: fit of source 'f' is 'letterbox', allowed"
    ),
    ("models: {a: b}\nsources: {f: {type: stdin, turn: 45}}", "2: turn of source 'f' is '45', allowed is 0, 90, 180"),
    ("models: {a: b}\nsources: {f: {type: stdin, filters: blur}}", "2: source 'f': filter blur: no such filter"),
    ("models: {a: b}\nsources: {f: {type: stdin, filters: [crop=0,0,4,4]}}", "2: source 'f': filter crop=0: X,Y"),
    ("models: {a: b}\nsources: {f: {type: alsa, fit: crop}}", "2: source 'f' of type alsa has no setting 'fit'"),
    ("models: {a: b}\nsources: {f: {type: udp, port: 1, host: camera}}", "2: host of source 'f' is 'camera'"),
  ])
  func aWrongConfigurationSaysWhy(yaml: String, expected: String) {
    let found = problems(yaml)
    #expect(found.contains { $0.hasPrefix(expected) }, "\(found)")
  }

  @Test func aMarkOfUTF8InFrontIsPassedOver() throws {
    let yaml = "models: {a: b}\nsources: {in: {type: stdin}}"
    let configuration = try DaemonConfiguration(yaml: "\u{FEFF}" + yaml, path: "/g.yaml")
    #expect(configuration == (try DaemonConfiguration(yaml: yaml, path: "/g.yaml")))
    #expect(problems("\u{FEFF}sockt: {}\n" + yaml).map { $0.prefix(3) } == ["1: "])
    let folder = try TemporaryFolder()
    let path = try folder.write("\u{FEFF}" + yaml, to: "g.yaml")
    #expect(try DaemonConfiguration(path: path).models.map(\.name) == ["a"])
  }

  @Test func aSocketPathThatDoesNotFitIsRefused() {
    let path = "/" + String(repeating: "x", count: 107)
    let found = problems("socket: {path: \(path)}\nmodels: {a: b}\nsources: {in: {type: stdin}}")
    #expect(found == ["1: socket.path has 108 bytes, at most 107 are possible"])
  }

  @Test func theUsualPlaceOfTheSocketFollowsTheSystem() {
    #expect(SocketConfiguration.usualPath(runtimeFolder: "/run/user/7") == "/run/user/7/ganglion/ganglion.sock")
    #expect(SocketConfiguration.usualPath(runtimeFolder: nil) == "/run/ganglion/ganglion.sock")
    #expect(SocketConfiguration.usualPath(runtimeFolder: "relative") == "/run/ganglion/ganglion.sock")
  }

  @Test func rubbishOfAnyKindIsRefusedAndNothingWorse() {
    var state: UInt64 = 5
    let alphabet = Array("abmodelssourcestypefilealsa:{}[]\"'|>&*!%@`#\n  -\t\u{0}0123é,".unicodeScalars)
    for _ in 0..<3_000 {
      var text = ""
      for _ in 0..<60 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text.unicodeScalars.append(alphabet[Int(state >> 33) % alphabet.count])
      }
      #expect(!problems(text).isEmpty)
    }
  }
}
