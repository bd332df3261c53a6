// Command publish writes a folder to be published with `pulumi policy publish`, and says where it is. `make publish` and
// `make publish-binary` run it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"

	"dynamoguard/internal/compile"
	"dynamoguard/internal/staging"
)

func main() {
	pack := staging.Pack{Root: "."}
	flag.BoolVar(&pack.Dirty, "dirty", false, "publish files that are not as committed")
	folder := flag.String("folder", "", "the `folder` to write, which is empty or does not exist; by default a new one in the system's folder for temporary files")
	binary := flag.Bool("binary", false, "write the binary form")
	platforms := compile.Platforms
	flag.Func("platforms", "`platforms` of the binary form, such as linux/amd64,darwin/arm64; by default all", func(names string) (err error) {
		platforms, err = compile.Named(names)
		return err
	})
	flag.Parse()
	if flag.NArg() > 0 {
		fail(fmt.Errorf("unexpected argument %q", flag.Arg(0)))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	write := pack.Source
	if *binary {
		write = func(ctx context.Context, folder string) error { return pack.Binary(ctx, folder, platforms) }
	}
	if err := publish(ctx, *folder, write, os.Stdout); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "publish:", err)
	os.Exit(1)
}

// publish has a folder written, and says what it holds and what to do with it.
func publish(ctx context.Context, folder string, write func(context.Context, string) error, out io.Writer) (err error) {
	if folder == "" {
		if folder, err = os.MkdirTemp("", "dynamoguard-publish-"); err != nil {
			return err
		}
		defer func() {
			if err != nil {
				os.RemoveAll(folder)
			}
		}()
	}
	if err := write(ctx, folder); err != nil {
		return err
	}
	files, size := 0, int64(0)
	if err := filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			files, size = files+1, size+info.Size()
		}
		return err
	}); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d files, %.1f MB. To publish them:\n", files, float64(size)/1e6)
	_, err = fmt.Fprintf(out, "cd %s && pulumi policy publish ORGANIZATION\n", folder)
	return err
}
