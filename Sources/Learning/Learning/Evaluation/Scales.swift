import Glibc

/// Probabilities on a scale without ends.
enum LogOdds {
  static func of(_ probability: Double) -> Double { log(probability / (1 - probability)) }
  static func probability(_ logOdds: Double) -> Double { 1 / (1 + exp(-logOdds)) }
}

/// Ratios of powers as people say them.
enum Decibels {
  static func power(_ decibels: Double) -> Double { exp(decibels / 10 * 2.302_585_092_994_046) }
}
