# What Ruby's dotenv takes from each text: a list of texts in base64 on standard input gives a list of objects, null for what it refuses.
require "json"
require "dotenv"
require "dotenv/version"
MODERN = Dotenv::VERSION >= "3"
def read(text)
  text = text.force_encoding("utf-8").delete_prefix("\ufeff")
  MODERN ? Dotenv::Parser.call(text, overwrite: true) : Dotenv::Parser.call(text)
rescue ArgumentError, SyntaxError, EncodingError
  nil
end
puts JSON.generate([MODERN, JSON.parse($stdin.read).map { |text| read(text.unpack1("m0")) }])
