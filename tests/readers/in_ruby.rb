# The names that a reader in Ruby takes from each file, as a list a line: `in_ruby.rb READER FILE…`.
require "json"
require ARGV.shift
ARGV.each do |file|
  puts JSON.generate(begin Dotenv::Parser.call(File.read(file, encoding: "utf-8")).keys rescue [] end)
end
