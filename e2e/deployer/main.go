// Command deployer previews the sample project of the demo through the
// Automation API, with the `pulumi` on PATH and the backend of the environment,
// as the tools do by which teams deploy. It exits with 1 where the preview
// fails.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"

	"dynamoguard/e2e/sample"
)

func main() {
	if err := preview(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "deployer:", err)
		os.Exit(1)
	}
}

func preview(ctx context.Context) error {
	stack, err := auto.UpsertStackInlineSource(ctx, "deployed", "shop", sample.Interpolated)
	if err != nil {
		return err
	}
	if err := stack.SetConfig(ctx, "aws:region", auto.ConfigValue{Value: "us-east-1"}); err != nil {
		return err
	}
	_, err = stack.Preview(ctx, optpreview.ProgressStreams(os.Stdout), optpreview.ErrorProgressStreams(os.Stderr))
	return err
}
