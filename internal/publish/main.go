// Command publish writes a folder to be published with `pulumi policy publish`, and says where it is. `make publish` and
// `make publish-binary` run it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"

	"dynamoguard/internal/staging"
)

func main() {
	pack := staging.Pack{Root: "."}
	flag.BoolVar(&pack.Dirty, "dirty", false, "publish files that are not as committed")
	folder := flag.String("folder", "", "the `folder` to write, which is empty or does not exist; by default a new one in the system's folder for temporary files")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := publish(ctx, pack, *folder); err != nil {
		fmt.Fprintln(os.Stderr, "publish:", err)
		os.Exit(1)
	}
}

func publish(ctx context.Context, pack staging.Pack, folder string) error {
	if folder == "" {
		var err error
		if folder, err = os.MkdirTemp("", "dynamoguard-publish-"); err != nil {
			return err
		}
	}
	if err := pack.Source(ctx, folder); err != nil {
		return err
	}
	fmt.Printf("cd %s && pulumi policy publish ORGANIZATION\n", folder)
	return nil
}
