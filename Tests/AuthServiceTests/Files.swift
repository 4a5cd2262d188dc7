import Crypto

func readBytes(_ path: String) -> [UInt8] {
  (try? readFile(path, byteCountMax: 1 << 30)) ?? []
}

func readText(_ path: String) -> String {
  String(decoding: readBytes(path), as: UTF8.self)
}
