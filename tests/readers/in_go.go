// The names that a reader in Go takes from each file, as a list a line: `in_go.go READER FILE…`.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/joho/godotenv"
)

func main() {
	for _, file := range os.Args[2:] {
		read, _ := godotenv.Read(file)
		names := []string{}
		for name := range read {
			names = append(names, name)
		}
		said, _ := json.Marshal(names)
		fmt.Println(string(said))
	}
}
