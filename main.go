// Command pulumi-analyzer-dynamoguard is a Pulumi policy pack for Amazon DynamoDB.
package main

import (
	"os"

	"dynamoguard/internal/command"
	"dynamoguard/policies"
)

// version is that of the pack. PulumiPolicy.yaml repeats it.
const version = "0.1.0"

func main() {
	os.Exit(command.Run(os.Args[1:], version, policies.All(), os.Stdin, os.Stdout, os.Stderr))
}
