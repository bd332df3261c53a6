package index

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/tables"
)

// A cloud is Pulumi Cloud, asked with the token of the CLI about the stacks of one organization that the token may see.
//
// Source: https://www.pulumi.com/docs/reference/cloud-rest-api/
type cloud struct {
	client       *http.Client
	backend      backend
	organization string
	cache        string         // folder, empty for none
	source       *tables.Source // of what is read
}

// What an answer may hold once it is decompressed, and how many stacks a listing.
const (
	maxAnswer = 64 << 20
	maxExport = 512 << 20
	maxStacks = 100_000
	// exporting is how many states are asked for at once.
	exporting = 8
)

func newCloud(machine Machine, b backend, organization string) *cloud {
	return &cloud{
		client: machine.Client, backend: b, organization: organization, cache: machine.Cache,
		source: &tables.Source{Name: "the state in Pulumi Cloud", At: time.Now()},
	}
}

// A listedStack is a stack as a listing tells it.
//
// Source: https://www.pulumi.com/docs/reference/cloud-rest-api/schema/appstacksummary/
type listedStack struct {
	Project       string `json:"projectName"`
	Stack         string `json:"stackName"`
	LastUpdate    *int64 `json:"lastUpdate"` // when the last update began, in seconds
	ResourceCount *int   `json:"resourceCount"`
}

func (s listedStack) owner() string { return s.Project + "/" + s.Stack }

// updated is when the last update began, zero where that is not told.
func (s listedStack) updated() time.Time {
	if s.LastUpdate == nil {
		return time.Time{}
	}
	return time.Unix(*s.LastUpdate, 0)
}

// empty reports whether the stack was never deployed.
func (s listedStack) empty() bool {
	return s.LastUpdate == nil && s.ResourceCount != nil && *s.ResourceCount == 0
}

// version is another one whenever the state is, and empty where nothing tells.
func (s listedStack) version() string {
	if s.LastUpdate == nil {
		return ""
	}
	resources := 0
	if s.ResourceCount != nil {
		resources = *s.ResourceCount
	}
	return fmt.Sprintf("%d %d", *s.LastUpdate, resources)
}

// list lists the stacks of the organization by project/stack.
func (c *cloud) list(ctx context.Context) (map[string]listedStack, error) {
	stacks := map[string]listedStack{}
	for next := ""; ; {
		query := url.Values{"organization": {c.organization}}
		if next != "" {
			query.Set("continuationToken", next)
		}
		var page struct {
			Stacks            []listedStack `json:"stacks"`
			ContinuationToken string        `json:"continuationToken"`
		}
		if err := c.getJSON(ctx, "/api/user/stacks?"+query.Encode(), &page); err != nil {
			return nil, err
		}
		known := len(stacks)
		for _, s := range page.Stacks {
			stacks[s.owner()] = s
		}
		switch next = page.ContinuationToken; {
		case next == "":
			return stacks, nil
		case len(stacks) == known:
			return nil, errors.New("it lists the same stacks again and again")
		case len(stacks) > maxStacks:
			return nil, fmt.Errorf("it lists more than %d stacks", maxStacks)
		}
	}
}

// An exportedState is what the cache keeps of a stack.
type exportedState struct {
	Version string
	tables.StateTables
}

// export reads the tables of a stack. What was kept of the same version is not asked for again. A state is kept where it is
// that of a version, which it is not while an update runs: that is asked before.
func (c *cloud) export(ctx context.Context, project, stack, version string) (tables.StateTables, error) {
	path := fmt.Sprintf("/api/stacks/%s/%s/%s", url.PathEscape(c.organization), url.PathEscape(project), url.PathEscape(stack))
	kept := cacheFile{folder: c.cache, key: "state " + c.backend.cloud + path}
	settled := false
	if version != "" {
		var before exportedState
		if kept.load(ctx, &before) && before.Version == version {
			return before.StateTables, nil
		}
		var current struct {
			CurrentOperation *struct{} `json:"currentOperation"`
		}
		if err := c.getJSON(ctx, path, &current); err != nil {
			return tables.StateTables{}, err
		}
		settled = current.CurrentOperation == nil
	}
	var found tables.StateTables
	err := c.get(ctx, path+"/export", maxExport, func(r io.Reader) (err error) {
		found, err = facts.ReadTables(r, c.organization)
		return plainError(err)
	})
	if err != nil {
		return tables.StateTables{}, err
	}
	if settled {
		kept.save(exportedState{version, found})
	}
	return found, nil
}

// exportAll reads the states of stacks, several at a time. done is called for each, by one at a time. The stacks that there is no
// time for are not asked for, and done is not called for them.
func (c *cloud) exportAll(ctx context.Context, stacks []listedStack, done func(listedStack, tables.StateTables, error)) {
	next := make(chan listedStack)
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range min(exporting, len(stacks)) {
		workers.Go(func() {
			for s := range next {
				state, err := c.export(ctx, s.Project, s.Stack, s.version())
				mu.Lock()
				done(s, state, err)
				mu.Unlock()
			}
		})
	}
	for _, s := range stacks {
		if ctx.Err() != nil {
			break
		}
		next <- s
	}
	close(next)
	workers.Wait()
}

func (c *cloud) getJSON(ctx context.Context, path string, into any) error {
	return c.get(ctx, path, maxAnswer, func(r io.Reader) error {
		err := json.NewDecoder(r).Decode(into)
		if errors.As(err, new(*json.SyntaxError)) || errors.As(err, new(*json.UnmarshalTypeError)) {
			return errors.New("the answer is not one of Pulumi Cloud") // and what it is, it may say in words of its own
		}
		return plainError(err)
	})
}

// get asks for a path, and reads so many bytes of the answer.
func (c *cloud) get(ctx context.Context, path string, most int64, read func(io.Reader) error) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.backend.cloud+path, nil)
	if err != nil {
		return errors.New("its address is not a URL")
	}
	request.Header.Set("Authorization", "token "+c.backend.token)
	request.Header.Set("Accept", "application/vnd.pulumi+8")
	response, err := do(c.client, request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := decoded(response, most)
	if err != nil {
		return plainError(err)
	}
	return read(body)
}
