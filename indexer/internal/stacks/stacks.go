// Package stacks lists the stacks of a Pulumi backend and reads their states as they are stored. Secrets stay encrypted,
// and the backend is left as it is.
package stacks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/pulumi/pulumi/pkg/v3/backend/httpstate/client"
	pkgworkspace "github.com/pulumi/pulumi/pkg/v3/workspace"
	"github.com/pulumi/pulumi/sdk/v3/go/common/env"
	"github.com/pulumi/pulumi/sdk/v3/go/common/workspace"
)

// A Stack is one stack of a backend, or all of a project that could not be listed, whose name is tables.Every.
type Stack struct {
	Organization string // "organization" in a backend that has none
	Project      string // "" in the layout of old that has none
	Name         string
	// Version is another one whenever the state is, or "" where the backend cannot tell.
	Version string
	// Err says why its state cannot be read, where that is known already.
	Err error

	key string // of the object that holds the state, in a bucket
}

// String returns the name that the CLI takes.
func (s Stack) String() string {
	if s.Project == "" {
		return s.Name
	}
	return s.Organization + "/" + s.Project + "/" + s.Name
}

// A State is a stack's state as it is stored, decompressed: the checkpoint of a bucket or the export of Pulumi Cloud.
type State struct {
	io.ReadCloser
	// Settled: the version under which the stack was listed is that of this state. It is not while an update runs.
	Settled bool
}

// ErrGone says that a stack was removed since it was listed.
var ErrGone = errors.New("the stack is gone")

// A Backend holds stacks. Its methods may be called at the same time.
type Backend interface {
	// URL returns where the backend is, without a password.
	URL() string
	// List returns all stacks, in no order. Those that it cannot list are one with an error.
	List(context.Context) ([]Stack, error)
	// Read opens a stack's state. The error is ErrGone where there is none any more.
	Read(context.Context, Stack) (State, error)
	Close() error
}

// Open opens a backend without a login: a bucket with the credentials of the environment, Pulumi Cloud with
// PULUMI_ACCESS_TOKEN or what `pulumi login` stored. The organization, "" for all that the token can see, is for Pulumi
// Cloud alone.
//
// The forms of the URL are those of https://www.pulumi.com/docs/iac/concepts/state-and-backends/.
func Open(ctx context.Context, rawURL, organization string) (Backend, error) {
	var opened Backend
	var err error
	if isBucket(rawURL) {
		if organization != "" {
			return nil, fmt.Errorf("%s has no organizations to choose from; only Pulumi Cloud has", show(rawURL))
		}
		opened, err = openBucket(ctx, rawURL)
	} else {
		opened, err = openCloud(rawURL, organization)
	}
	if err != nil {
		return nil, hidePassword(err, rawURL)
	}
	return opened, nil
}

// CurrentURL returns the backend that the CLI would use in the working directory: PULUMI_BACKEND_URL, else that of the
// project, else that of the last `pulumi login`, else Pulumi Cloud where there is a token for it.
func CurrentURL() (string, error) {
	ws := pkgworkspace.Instance
	project, _, err := ws.ReadProject("")
	if err != nil && !errors.Is(err, workspace.ErrProjectNotFound) {
		return "", err
	}
	current, err := pkgworkspace.GetCurrentCloudURL(ws, env.Global(), project)
	if err != nil {
		return "", err
	}
	switch {
	case current != "":
		return current, nil
	case env.AccessToken.Value() != "":
		return cmp.Or(env.APIURL.Value(), client.PulumiCloudURL), nil
	default:
		return "", errors.New("no backend: pass --backend, set PULUMI_BACKEND_URL, or run `pulumi login`")
	}
}

// show returns a URL without its password. What is no URL may hold one anywhere, and keeps no more than its scheme.
func show(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		scheme, _, _ := strings.Cut(rawURL, ":")
		return scheme + "://..."
	}
	return u.Redacted()
}

// hidePassword takes the password of a URL out of an error that quotes it.
func hidePassword(err error, rawURL string) error {
	text := strings.ReplaceAll(err.Error(), rawURL, show(rawURL))
	if u, parseErr := url.Parse(rawURL); parseErr == nil {
		if password, ok := u.User.Password(); ok && password != "" {
			text = strings.ReplaceAll(text, password, "xxxxx")
			text = strings.ReplaceAll(text, url.QueryEscape(password), "xxxxx")
		}
	}
	if text == err.Error() {
		return err
	}
	return errors.New(text)
}
