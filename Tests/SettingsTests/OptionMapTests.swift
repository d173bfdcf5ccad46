import Foundation
import Settings
import Testing

/// One option of each kind.
private struct Toy: Decodable, Equatable {
  enum Colour: String, Decodable, CaseIterable { case red, green }
  enum CodingKeys: String, CodingKey, CaseIterable { case share, count, range, colour, flag, name, names }

  var share: Double
  var count: Int?
  var range: [Double]
  var colour: Colour
  var flag: Bool
  var name: String?
  var names: [String]?

  init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    share = try values.required(.share, .over(0, under: 1))
    count = try values.number(.count, .from(1, to: 10))
    range = try values.numbers(.range, .from(-5, to: 5), count: 2...2, or: [0, 1])
    colour = try values.choice(.colour, or: .red)
    flag = try values.flag(.flag, or: false)
    name = try values.text(.name)
    names = try values.texts(.names)
  }
}

@Suite("Maps of options")
struct OptionMapTests {
  private func refusal(of json: String) -> String? {
    do {
      _ = try JSONDecoder().decode(Toy.self, from: Data(json.utf8))
      return nil
    } catch DecodingError.dataCorrupted(let context) {
      return context.codingPath.map(\.stringValue).joined(separator: ".") + ": " + context.debugDescription
    } catch {
      return "\(error)"
    }
  }

  @Test("what lies within its range is taken, what is absent takes its default")
  func accepted() throws {
    let all =
      #"{"share": 0.5, "count": 10, "range": [-5, 5], "colour": "green", "flag": true, "name": 7, "names": ["a"]}"#
    let toy = try JSONDecoder().decode(Toy.self, from: Data(all.utf8))
    #expect(toy.share == 0.5 && toy.count == 10 && toy.range == [-5, 5] && toy.colour == .green && toy.flag)
    #expect(toy.name == "7" && toy.names == ["a"])
    let least = try JSONDecoder().decode(Toy.self, from: Data(#"{"share": 0.1}"#.utf8))
    #expect(least.count == nil && least.range == [0, 1] && least.colour == .red && !least.flag && least.name == nil)
  }

  @Test(
    "what is wrong is named with its value and what is allowed",
    arguments: [
      (#"{}"#, ": 'share' is missing"),
      (#"{"share": 0}"#, "share: 0 is outside its range, over 0 and under 1"),
      (#"{"share": 1}"#, "share: 1 is outside its range, over 0 and under 1"),
      (#"{"share": "much"}"#, "share: 'much' is not a number; it takes one over 0 and under 1"),
      (#"{"share": 0.5, "count": 11}"#, "count: 11 is outside its range, at least 1 and at most 10"),
      (#"{"share": 0.5, "count": 1.5}"#, "count: '1.5' is not a whole number; it takes one at least 1 and at most 10"),
      (#"{"share": 0.5, "range": [1]}"#, "range: 1 numbers, it takes 2"),
      (#"{"share": 0.5, "range": [1, 6]}"#, "range: 6 is outside its range, at least -5 and at most 5"),
      (#"{"share": 0.5, "colour": "greem"}"#, "colour: 'greem' is none of red, green; did you mean green?"),
      (#"{"share": 0.5, "flag": 1.5}"#, "flag: '1.5' is neither true nor false"),
      (#"{"share": 0.5, "name": ""}"#, "name: the text is empty"),
      (#"{"share": 0.5, "name": {}}"#, "name: a map is no text"),
      (#"{"share": 0.5, "names": ["a", "b", "a"]}"#, "names: 'a' is named twice"),
      (
        #"{"share": 0.5, "cuont": 3}"#,
        "cuont: unknown option 'cuont'; known are colour, count, flag, name, names, range, share; did you mean count?"
      ),
      (#"[1]"#, ": there is no map of options here, as {name: value}"),
    ])
  func refused(json: String, text: String) {
    #expect(refusal(of: json) == text)
  }

  @Test("no interval holds what is no number")
  func notANumber() {
    #expect(!Bounds.from(-1.0, to: 1).contains(.nan))
    #expect(!Bounds.over(-Double.infinity, under: .infinity).contains(.nan))
    #expect(Bounds.from(0, to: 1).contains(0) && Bounds.from(0, to: 1).contains(1))
    #expect(!Bounds.over(0, to: 1).contains(0) && !Bounds.from(0, under: 1).contains(1))
  }

  @Test("a name is suggested for up to two wrong letters, whatever their case")
  func nearest() {
    #expect(nearestName(to: "BatchNorm", among: ["batchNorm", "bottom"]) == "batchNorm")
    #expect(nearestName(to: "bathcnorm", among: ["batchNorm"]) == "batchNorm")
    #expect(nearestName(to: "quite", among: ["other", "words"]) == nil)
    #expect(nearestName(to: "chanels", among: ["kernels", "channels"]) == "channels")
    #expect(nearestName(to: "channels", among: ["kernels"]) == nil)
    // A short name is no likely mistake for another short one.
    #expect(nearestName(to: "xy", among: ["ab"]) == nil)
  }
}
