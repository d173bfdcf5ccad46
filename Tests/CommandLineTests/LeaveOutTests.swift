import Testing

@Suite("Who is left out")
struct LeaveOutTests {
  @Test("evaluation tests on whom training left out, or on whoever is named instead")
  func evaluate() throws {
    let bench = try ToneBench()
    for (digit, frequency) in [(0, 300.0), (1, 1500.0)] {
      for take in 0..<6 { try bench.put("spoken/\(digit)_ann_\(take).wav", ToneBench.tone(frequency, take: take)) }
      for take in 0..<9 {
        try bench.put("spoken/\(digit)_bob_\(take).wav", ToneBench.tone(frequency + 100, take: take))
      }
    }
    try bench.recipe("left", ["layout: folders": "layout: fsdd, labels: ['0', '1'], leaveOut: ann"])
    let trained = try bench.shell("ganglion train left.yaml --data spoken -o left.safetensors --threads 2")
    #expect(trained.code == 0, "\(trained.errors)")
    for (option, recordings) in [("", 12), ("--leave-out ann", 12), ("--leave-out bob", 18)] {
      let evaluated = try bench.shell("ganglion evaluate left.safetensors spoken --json --threads 2 \(option)")
      #expect(evaluated.code == 0, "\(evaluated.errors)")
      #expect(evaluated.output.contains("\"recordings\":\(recordings)"), "\(option): \(evaluated.output)")
    }
  }
}
