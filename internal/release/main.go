// Command release makes what a release consists of, from a commit alone, and gives the next release its version. It is run by
// `make release` and by `make version VERSION=1.2.3`.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"dynamoguard/internal/compile"
)

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "release:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	if len(args) == 2 && args[0] == "version" {
		changed, err := setVersion(".", args[1])
		if err == nil {
			_, err = fmt.Fprintln(stdout, "changed "+strings.Join(changed, ", "))
		}
		return err
	}
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	flags.SetOutput(stderr)
	out := flags.String("out", "dist", "the `folder` for the release, which must be empty or not there")
	tag := flags.String("tag", "", "the `tag` that the release is for; one that is not the version's is refused")
	only := flags.String("platforms", compile.List(), "the `platforms`, separated by commas")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%q is no flag; the other command is version, with the version", flags.Arg(0))
	}
	chosen, err := compile.Named(*only)
	if err != nil {
		return err
	}
	return release(".", *out, *tag, chosen, stdout)
}
