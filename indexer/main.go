// Command dynamoguard-index makes the table index of DynamoGuard from any Pulumi backend.
package main

import (
	"os"

	"dynamoguard/indexer/internal/command"
)

func main() { os.Exit(command.Run(os.Args[1:], os.Stdout, os.Stderr)) }
