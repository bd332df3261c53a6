package index

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"dynamoguard/internal/files"
	"dynamoguard/internal/session"
	"dynamoguard/internal/tables"
)

// A backend is where the running stack keeps its state.
type backend struct {
	id     string // as tables.BackendOf returns it
	name   string // fit to be shown
	folder string // that holds .pulumi, of a file:// backend
	cloud  string // address of Pulumi Cloud, with token
	token  string
}

// credentials are what the CLI remembers of logins.
//
// Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/workspace/creds.go
type credentials struct {
	Current      string            `json:"current"`
	AccessTokens map[string]string `json:"accessTokens"`
	Accounts     map[string]struct {
		AccessToken string `json:"accessToken"`
	} `json:"accounts"`
}

// mostSettings is the size of a file that people or the CLI write: a program in YAML is one, within Pulumi.yaml.
const mostSettings = 4 << 20

// readLogin reads what the CLI remembers of logins. A file that is not there, or holds something else, is none.
func readLogin(ctx context.Context, machine Machine) (login credentials, err error) {
	folder := cmp.Or(machine.Getenv("PULUMI_CREDENTIALS_PATH"), pulumiHome(machine))
	if folder == "" {
		return login, nil
	}
	data, err := files.Read(ctx, filepath.Join(folder, "credentials.json"), mostSettings)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return login, fmt.Errorf("credentials.json: %w", plainError(err))
	}
	_ = json.Unmarshal(data, &login)
	return login, nil
}

// findBackend finds the backend as the CLI does: by PULUMI_BACKEND_URL, the project, or the last login.
//
// Source: https://www.pulumi.com/docs/iac/concepts/state-and-backends/
func findBackend(ctx context.Context, machine Machine) (backend, error) {
	project := findProject(machine.Folder)
	address, base := machine.Getenv("PULUMI_BACKEND_URL"), machine.Folder
	if address == "" && project != "" {
		named, err := readProject(ctx, project)
		if err != nil {
			return backend{}, fmt.Errorf("the backend of the stack was not found: %s: %w", filepath.Base(project), plainError(err))
		}
		address, base = named.Backend.URL, filepath.Dir(project)
	}
	login, loginErr := readLogin(ctx, machine)
	if address == "" {
		address = login.Current
	}
	if address == "" && machine.Getenv("PULUMI_ACCESS_TOKEN") != "" {
		address = cmp.Or(machine.Getenv("PULUMI_API"), "https://api.pulumi.com") // where the CLI logs in by itself
	}
	if address == "" && loginErr != nil {
		return backend{}, fmt.Errorf("the backend of the stack was not found: %w", loginErr)
	}
	if address == "" {
		return backend{}, errors.New("the backend of the stack was not found: neither PULUMI_BACKEND_URL nor the project nor a login names one")
	}
	if strings.HasPrefix(address, "file://") {
		folder, err := Folder(address, machine.Home, base)
		// Relative to where the CLI was started, which the engine does not tell: the program's folder, or the project's.
		if _, missing := os.Stat(filepath.Join(folder, ".pulumi")); missing != nil && err == nil && project != "" {
			folder, err = Folder(address, machine.Home, filepath.Dir(project))
		}
		if err != nil {
			return backend{}, fmt.Errorf("the backend file://... of the stack: %w", err)
		}
		return folderBackend(folder), nil
	}
	if !strings.HasPrefix(address, "https://") && !strings.HasPrefix(address, "http://") {
		return backend{id: tables.BackendOf(address), name: public(address)}, nil
	}
	address = strings.TrimSuffix(address, "/")
	b := backend{id: tables.BackendOf(address), name: public(address), cloud: address, token: machine.Getenv("PULUMI_ACCESS_TOKEN")}
	if b.token == "" {
		b.token = login.AccessTokens[address]
	}
	if b.token == "" {
		b.token = login.Accounts[address].AccessToken
	}
	if b.token == "" {
		err := errors.New("Pulumi Cloud at " + b.name + ": there is no access token")
		if loginErr != nil {
			err = fmt.Errorf("%w: %w", err, loginErr)
		}
		return backend{}, err
	}
	return b, nil
}

func folderBackend(folder string) backend {
	folder = filepath.Clean(folder)
	return backend{id: tables.BackendOf(fileURL(folder)), name: "file://", folder: folder}
}

// fileURL is the URL of a folder.
func fileURL(folder string) string {
	path := filepath.ToSlash(folder)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a drive of Windows
	}
	return (&url.URL{Scheme: "file", Path: path}).String()
}

// pulumiHome is the folder in which the CLI keeps what is about all projects, empty where nothing tells. In a foreseen preview it is the
// user's, and not the one that is laid over it for that run.
func pulumiHome(machine Machine) string {
	if home := cmp.Or(machine.Getenv(session.HomeVariable), machine.Getenv("PULUMI_HOME")); home != "" || machine.Home == "" {
		return home
	}
	return filepath.Join(machine.Home, ".pulumi")
}

// Folder is the folder that a file:// backend is in, for the CLI with a home and started in a folder. It does what the CLI
// does: ~ is the home that the system has of the user, not HOME; of what follows it one character is taken for a slash;
// without anything it is where the CLI was started; and escapes are decoded once a relative path is absolute, those in the
// path of the home among them.
//
// Sources: massageBlobPath in https://github.com/pulumi/pulumi/blob/master/pkg/backend/diy/backend.go and
// https://github.com/google/go-cloud/blob/master/blob/fileblob/fileblob.go
func Folder(address, home, started string) (string, error) {
	if _, err := url.Parse(address); err != nil {
		return "", errNotURL
	}
	folder, _, _ := strings.Cut(strings.TrimPrefix(address, "file://"), "?")
	if strings.HasPrefix(folder, "~") {
		if home == "" {
			return "", errors.New("the system does not tell the home of the user")
		}
		folder = filepath.Join(home, folder[min(2, len(folder)):])
	}
	if len(folder) > 0 && folder[0] == '/' && filepath.VolumeName(folder[1:]) != "" {
		folder = folder[1:] // file:///C:/state
	}
	if folder = filepath.FromSlash(folder); !filepath.IsAbs(folder) {
		folder = filepath.Join(started, folder)
	}
	folder = filepath.ToSlash(filepath.Clean(folder))
	u, err := url.Parse("file:///" + strings.TrimPrefix(folder, "/"))
	if err != nil {
		return "", errNotURL
	}
	folder = u.Path
	if filepath.Separator != '/' {
		folder = strings.TrimPrefix(folder, "/")
	}
	return filepath.FromSlash(folder), nil
}

// findProject finds the project file in a folder or above.
//
// Source: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/workspace/paths.go
func findProject(folder string) string {
	for {
		for _, name := range []string{"Pulumi.json", "Pulumi.yaml", "Pulumi.yml"} { // the CLI's order
			path := filepath.Join(folder, name)
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				return path
			}
		}
		parent := filepath.Dir(folder)
		if parent == folder || folder == "" {
			return ""
		}
		folder = parent
	}
}

// A project is what is read of a project file.
type project struct {
	Name    string `json:"name" yaml:"name"`
	Backend struct {
		URL string `json:"url" yaml:"url"`
	} `json:"backend" yaml:"backend"`
}

func readProject(ctx context.Context, path string) (p project, err error) {
	data, err := files.Read(ctx, path, mostSettings)
	if err != nil {
		return p, err
	}
	decode, format := yaml.Unmarshal, "YAML"
	if filepath.Ext(path) == ".json" {
		decode, format = json.Unmarshal, "JSON"
	}
	if decode(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), &p) != nil {
		return project{}, errors.New("is not the " + format + " of a project") // the cause may quote it
	}
	return p, nil
}

// public is an address or a path without what may be secret in it: user, password and query. Of an address that is not
// well-formed nobody can tell which part is the password, so only its scheme is left.
func public(address string) string {
	scheme, rest, ok := strings.Cut(address, ":")
	if !ok || !strings.HasPrefix(rest, "//") {
		return address // a path
	}
	if _, err := url.Parse(scheme + ":"); err != nil {
		return "..."
	}
	u, err := url.Parse(address)
	// An @ behind the host shows that the host is the start of a password with /, ? or # in it.
	if err != nil || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") {
		return scheme + "://..."
	}
	return u.Scheme + "://" + u.Host + u.Path
}
