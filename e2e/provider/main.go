// Command pulumi-resource-aws stands in for the AWS provider in end-to-end
// runs, so that the real CLI can preview and update programs without an
// account, credentials or a network. Under the file name
// pulumi-resource-aws-native it stands in for that provider.
//
// It is not AWS, and not the AWS provider. It answers the provider protocol
// and shapes what the engine passes to a policy pack: the inputs after Check
// (auto-names, __defaults, tagsAll, documents as JSON text), the outputs that a
// preview does not know, and those after Create (identifiers, ARNs, filled
// blocks, normalised documents). It validates nothing, and knows only the types in its
// tables; every other type echoes its inputs under an id.
//
// The version is the one in the name of its plugin folder, so one program
// stands as several versions in a plugin folder. Of what versions have
// otherwise than 6 there is the input tagsAll (not in 5) and the input region
// (since 7).
//
// When the environment variable [logVariable] names a file, each process
// appends what it was asked for, and did (see [event]). Lookups and Read answer
// for what the log says was created and is not deleted, in the account, and in
// the region where the type has one. That is how a test proves that a resource
// was not created, and that AWS was not asked for what does not exist.
//
// The environment variable [faultsVariable] has calls fail, wait or end the
// process.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// The linker sets the versions of a program in another folder than a plugin's.
var awsVersion, nativeVersion = "0.0.0", "0.0.0"

func main() {
	if err := serve(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-aws:", err)
		os.Exit(1)
	}
}

// serve answers on a free local port, which it prints, until it is told to
// stop or the engine, whose address is the last of args, is gone.
func serve(args []string) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if len(args) > 0 {
		if err := rpcutil.Healthcheck(ctx, args[len(args)-1], time.Second, stop); err != nil {
			return err
		}
	}

	standIn, err := newProvider(os.Args[0])
	if err != nil {
		return err
	}
	if err := standIn.start(ctx); err != nil {
		return err
	}
	cancel := make(chan bool)
	context.AfterFunc(ctx, func() { close(cancel) })
	handle, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: cancel,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterResourceProviderServer(server, plugin.NewProviderServer(standIn))
			return nil
		},
	})
	if err != nil {
		return err
	}
	fmt.Println(handle.Port)
	return <-handle.Done
}

// start records how the process was started.
func (p *provider) start(ctx context.Context) error {
	started := event{Operation: "start", Command: os.Args, Home: os.Getenv("PULUMI_HOME")}
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "DYNAMOGUARD_") {
			started.Variables = append(started.Variables, name)
		}
	}
	return errors.Join(p.record(started), p.meet(ctx, "start", ""))
}
