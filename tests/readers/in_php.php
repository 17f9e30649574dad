<?php // The names that a reader in PHP takes from each file, as a list a line: `in_php.php READER FILE…`.
[, $name, ] = $argv;
require $name === "Dotenv" ? "Dotenv/autoload.php" : "Symfony/Component/Dotenv/autoload.php";
foreach (array_slice($argv, 2) as $file) {
    try {
        $text = file_get_contents($file);
        $read = $name === "Dotenv" ? Dotenv\Dotenv::parse($text) : (new Symfony\Component\Dotenv\Dotenv())->parse($text);
    } catch (Exception $wrong) {
        $read = [];
    }
    echo json_encode(array_map("strval", array_keys($read))), "\n";
}
