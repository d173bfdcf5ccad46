import Foundation

/// An announcement that a broker has kept, read again: what there was of a device, and whose it is.
package struct AnnouncedDevice: Equatable, Sendable {
  private struct Document: Decodable {
    struct Availability: Decodable { var t: String? }
    struct Component: Decodable {
      var p: String?
      var uniqueID: String?
      enum CodingKeys: String, CodingKey {
        case p
        case uniqueID = "uniq_id"
      }
    }
    var avty: [Availability]
    var cmps: [String: Component]
  }

  /// Platforms of its entities by key; without those that were only taken back.
  package let entities: [String: String]
  private let availability: [String]

  /// Nil for what no daemon of this kind has announced.
  package init?(_ payload: [UInt8]) {
    guard payload.count <= 1 << 20, let document = try? JSONDecoder().decode(Document.self, from: Data(payload)) else {
      return nil
    }
    availability = document.avty.compactMap(\.t)
    entities = document.cmps.compactMapValues { $0.uniqueID == nil ? nil : $0.p }
  }

  /// Whether a daemon with these topics has announced it.
  package func belongs(to topics: HomeTopics) -> Bool { availability == [topics.availability] }
}
