package harness

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/cloud"
	"dynamoguard/e2e/internal/sandbox"
)

// Governed is a stack in an organization of Pulumi Cloud. What its runs have to
// have, the organization says: no run names the pack.
type Governed struct {
	*Stack
	service *cloud.Service
}

// NewGoverned creates an empty stack of a Go program in the organization of a
// service, for a user's token.
func NewGoverned(
	t testing.TB, about About, service *cloud.Service, token string, program pulumi.RunFunc, options ...Option,
) *Governed {
	t.Helper()
	return governed(t, about, service, token, options, func(box *sandbox.Sandbox) (auto.Stack, error) {
		return box.NewStack(t.Context(), Project, StackName, program)
	})
}

// Elsewhere returns the stack on another machine, on which nothing is installed
// yet, for a user's token.
func (g *Governed) Elsewhere(token string, program pulumi.RunFunc, options ...Option) *Governed {
	g.t.Helper()
	return governed(g.t, nil, g.service, token, options, func(box *sandbox.Sandbox) (auto.Stack, error) {
		return box.SelectStack(g.t.Context(), Project, StackName, program)
	})
}

func governed(
	t testing.TB, about About, service *cloud.Service, token string, options []Option, get func(*sandbox.Sandbox) (auto.Stack, error),
) *Governed {
	t.Helper()
	account := Environment("PULUMI_BACKEND_URL="+service.URL, "PULUMI_ACCESS_TOKEN="+token)
	return &Governed{newStack(t, about, append(options, GoHost, account), get), service}
}

// As signs another user in, by a token, whose the runs that follow are.
func (g *Governed) As(token string) {
	g.t.Helper()
	g.sandbox.Env = append(g.sandbox.Env, "PULUMI_ACCESS_TOKEN="+token)     // the last counts
	if _, _, err := g.sandbox.Pulumi(g.t.Context(), "whoami"); err != nil { // which says once that it signs in
		g.t.Fatal(err)
	}
}

// RunIn runs the CLI in a folder, as a person does who is signed in. In an
// argument $CONFIG stands for the file of the pack's configuration.
func (g *Governed) RunIn(folder string, args ...string) (stdout, stderr string, exitCode int) {
	g.t.Helper()
	return g.byHand(g.tools.CLI.Path, append([]string{"--non-interactive", "--cwd", folder}, args...))
}

// Beside creates an empty stack in the same organization, of any project.
func (g *Governed) Beside(project, name string, program pulumi.RunFunc) *Governed {
	g.t.Helper()
	return &Governed{g.Stack.Beside(project, name, program), g.service}
}

// Preview runs `pulumi preview`.
func (g *Governed) Preview() Result {
	g.t.Helper()
	return g.run(func(ctx context.Context, stream chan<- events.EngineEvent) (string, string, error) {
		result, err := g.stack.Preview(ctx, optpreview.EventStreams(stream))
		return result.StdOut, result.StdErr, err
	})
}

// Up runs `pulumi up`, without a preview before it.
func (g *Governed) Up() Result {
	g.t.Helper()
	return g.run(func(ctx context.Context, stream chan<- events.EngineEvent) (string, string, error) {
		result, err := g.stack.Up(ctx, optup.EventStreams(stream), optup.SuppressOutputs())
		return result.StdOut, result.StdErr, err
	})
}

// Exempted returns the policy events of the last run that the organization
// exempts, as the service has them, each as "exception: reason: " and the line.
func (g *Governed) Exempted() []string {
	g.t.Helper()
	updates := g.service.Updates()
	var all []string
	for _, raw := range updates[len(updates)-1].Events {
		var event struct {
			PolicyEvent *struct {
				apitype.PolicyEvent
				Exceptions []struct{ ID, Reason string } `json:"exceptions"`
			} `json:"policyEvent"`
		}
		if err := json.Unmarshal(raw, &event); err != nil {
			g.t.Fatal(err)
		}
		if event.PolicyEvent == nil {
			continue
		}
		for _, e := range event.PolicyEvent.Exceptions {
			all = append(all, e.ID+": "+e.Reason+": "+Line(event.PolicyEvent.PolicyEvent))
		}
	}
	return all
}
