package index

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

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

// findBackend finds the backend as the CLI does: by PULUMI_BACKEND_URL, the project, or the last login.
//
// Source: https://www.pulumi.com/docs/iac/concepts/state-and-backends/
func findBackend(machine Machine) (backend, error) {
	home := pulumiHome(machine)
	var login credentials
	for _, folder := range []string{machine.Getenv("PULUMI_CREDENTIALS_PATH"), home} {
		if data, err := os.ReadFile(filepath.Join(folder, "credentials.json")); folder != "" && err == nil {
			_ = json.Unmarshal(data, &login) // one that cannot be read is none
			break
		}
	}
	project := findProject(machine.Folder)
	address, base := machine.Getenv("PULUMI_BACKEND_URL"), machine.Folder
	if address == "" && project != "" {
		address, base = projectBackend(project), filepath.Dir(project)
	}
	if address == "" {
		address = login.Current
	}
	if address == "" && machine.Getenv("PULUMI_ACCESS_TOKEN") != "" {
		address = cmp.Or(machine.Getenv("PULUMI_API"), "https://api.pulumi.com") // where the CLI logs in by itself
	}
	if address == "" {
		return backend{}, errors.New("the backend of the stack was not found: neither PULUMI_BACKEND_URL nor the project nor a login names one")
	}
	if rest, ok := strings.CutPrefix(address, "file://"); ok {
		folder, _, _ := strings.Cut(rest, "?")
		if plain, err := url.PathUnescape(folder); err == nil {
			folder = plain
		}
		if tail, ok := strings.CutPrefix(folder, "~"); ok {
			folder = filepath.Join(machine.Home, tail)
		}
		if len(folder) > 0 && folder[0] == '/' && filepath.VolumeName(folder[1:]) != "" {
			folder = folder[1:] // file:///C:/state
		}
		folder = filepath.FromSlash(folder)
		if filepath.IsAbs(folder) {
			return folderBackend(folder), nil
		}
		// Relative to where the CLI was started, which the engine does not tell: the program's folder, or the project's.
		found := filepath.Join(base, folder)
		if _, err := os.Stat(filepath.Join(found, ".pulumi")); err != nil && project != "" {
			found = filepath.Join(filepath.Dir(project), folder)
		}
		return folderBackend(found), nil
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
		return backend{}, errors.New("Pulumi Cloud at " + b.name + ": there is no access token")
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

// pulumiHome is the folder in which the CLI keeps what is about all projects.
func pulumiHome(machine Machine) string {
	return cmp.Or(machine.Getenv("PULUMI_HOME"), filepath.Join(machine.Home, ".pulumi"))
}

// findProject finds the project file in a folder or above.
func findProject(folder string) string {
	for {
		for _, name := range []string{"Pulumi.yaml", "Pulumi.yml", "Pulumi.json"} {
			if path := filepath.Join(folder, name); isFile(path) {
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

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// projectBackend reads backend.url from a project file. That is all it reads of YAML:
//
//	backend:
//	  url: file://~
//
// or backend: {url: file://~}
func projectBackend(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	if filepath.Ext(path) == ".json" {
		var project struct{ Backend struct{ URL string } }
		_ = json.Unmarshal(data, &project)
		return project.Backend.URL
	}
	inside := false
	for line := range strings.Lines(string(data)) {
		text := strings.TrimSpace(strings.SplitN(line, " #", 2)[0])
		if text == "" || text[0] == '#' {
			continue
		}
		if line[0] != ' ' && line[0] != '\t' {
			rest, ok := strings.CutPrefix(text, "backend:")
			inside = ok
			if flow := strings.Trim(strings.TrimSpace(rest), "{}"); !ok || flow == "" {
				continue
			} else {
				text = strings.TrimSpace(flow)
			}
		}
		if value, ok := strings.CutPrefix(text, "url:"); inside && ok {
			return strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return ""
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
