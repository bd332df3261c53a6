package stacks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/backend/httpstate/client"
	pkgworkspace "github.com/pulumi/pulumi/pkg/v3/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/pulumi/pulumi/sdk/v3/go/common/env"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"

	"dynamoguard/internal/text"
)

// cloud is Pulumi Cloud, or one that a company hosts itself.
type cloud struct {
	client       *client.Client
	organization string // "" for all
}

// openCloud takes the token of the environment, else the stored one. It does not ask the CLI's login manager, which
// writes what it finds to credentials.json, and may open an account where it finds nothing.
func openCloud(rawURL, organization string) (*cloud, error) {
	if !strings.HasPrefix(rawURL, "https://") && !strings.HasPrefix(rawURL, "http://") {
		return nil, fmt.Errorf("%s is no backend: its URL begins with https, file, s3, gs, azblob or postgres", show(rawURL))
	}
	address := strings.TrimSuffix(rawURL, "/")
	sink := diag.DefaultSink(io.Discard, printer{os.Stderr}, diag.FormatOptions{Color: colors.Never})
	insecure := pkgworkspace.GetCloudInsecure(pkgworkspace.Instance, address)
	newClient := func(token string) *client.Client {
		return client.NewClient(address, token, insecure, sink).WithHTTPClient(&http.Client{Transport: newTransport(insecure)})
	}

	if token := env.AccessToken.Value(); token != "" {
		return &cloud{newClient(token), organization}, nil
	}
	account, err := workspace.GetAccount(address)
	if err != nil {
		return nil, err
	}
	if !account.HasCredential() {
		return nil, fmt.Errorf("not logged in to %s: set PULUMI_ACCESS_TOKEN or run `pulumi login %s`", address, address)
	}
	authenticated := newClient(account.AccessToken).
		WithRefresh(account.RefreshToken, func(access string, expires time.Time, refresh string) error {
			// A refresh token serves once: unsaved, the next `pulumi` would have to log in.
			account.SetCredentials(access, expires, refresh)
			return account.Save(address, false)
		})
	return &cloud{authenticated, organization}, nil
}

// A printer writes messages, each with a line break at its end, which may hold what a service answered.
type printer struct{ to io.Writer }

func (p printer) Write(message []byte) (int, error) {
	if _, err := fmt.Fprintln(p.to, text.Printable(strings.TrimSuffix(string(message), "\n"))); err != nil {
		return 0, err
	}
	return len(message), nil
}

func (c *cloud) URL() string { return c.client.URL() }

func (c *cloud) Close() error { return nil }

func (c *cloud) List(ctx context.Context) ([]Stack, error) {
	var filter client.ListStacksFilter
	if c.organization != "" {
		filter.Organization = &c.organization
	}
	var all []Stack
	seen := map[string]bool{} // continuation tokens
	for next := (*string)(nil); ; {
		page, following, err := c.client.ListStacks(ctx, filter, next)
		if err != nil {
			return nil, fmt.Errorf("list the stacks of %s: %w", c.URL(), err)
		}
		for _, summary := range page {
			all = append(all, Stack{
				Organization: summary.OrgName,
				Project:      summary.ProjectName,
				Name:         summary.StackName,
				Version:      lastUpdate(summary),
			})
		}
		last := following == nil || *following == ""
		switch {
		case len(all) > mostStacks:
			err = errCrowded
		case last:
			return all, nil
		case seen[*following]:
			err = errors.New("the service repeats a page")
		case len(seen) == mostPages:
			err = errPages
		}
		if err != nil {
			return nil, fmt.Errorf("list the stacks of %s: %w", c.URL(), err)
		}
		seen[*following] = true
		next = following
	}
}

// lastUpdate returns a version made of the time when the last update began, in seconds, which is all that a listing tells.
func lastUpdate(summary apitype.StackSummary) string {
	if summary.LastUpdate == nil {
		return ""
	}
	resources := 0
	if summary.ResourceCount != nil {
		resources = *summary.ResourceCount
	}
	return fmt.Sprintf("%d %d", *summary.LastUpdate, resources)
}

func (c *cloud) Read(ctx context.Context, stack Stack) (State, error) {
	name, err := tokens.ParseStackName(stack.Name)
	if err != nil {
		return State{}, err
	}
	id := client.StackIdentifier{Owner: stack.Organization, Project: stack.Project, Stack: name}
	// Asked before the export: an update that begins in between is listed as a later one the next time.
	current, err := c.client.GetStack(ctx, id)
	if err != nil {
		return State{}, orGone(err)
	}
	exported, err := c.client.ExportStackDeployment(ctx, id, nil)
	if err != nil {
		return State{}, orGone(err)
	}
	if len(exported.Deployment) == 0 {
		exported.Deployment = []byte("null") // never deployed
	}
	// As `pulumi stack export` prints it, without a copy of the deployment.
	deployment := io.MultiReader(
		strings.NewReader(fmt.Sprintf(`{"version":%d,"deployment":`, exported.Version)),
		bytes.NewReader(exported.Deployment),
		strings.NewReader("}"))
	return State{ReadCloser: io.NopCloser(deployment), Settled: current.CurrentOperation == nil}, nil
}

func orGone(err error) error {
	var response *apitype.ErrorResponse
	if errors.As(err, &response) && response.Code == http.StatusNotFound {
		return ErrGone
	}
	return err
}
