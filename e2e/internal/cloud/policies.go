package cloud

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
)

const (
	defaultGroup  = apitype.DefaultPolicyGroup
	accountsGroup = "default-accounts-policy-group"
	preventative  = "preventative"
	audit         = "audit"
	latest        = "latest"
)

// pack is a version of a policy pack.
type pack struct {
	apitype.CreatePolicyPackRequest
	Number   int
	archive  []byte
	complete bool
	removed  bool
}

// there says whether people can see and use it.
func (p *pack) there() bool { return p.complete && !p.removed }

// group is a policy group, in the form the service tells it.
type group struct {
	Name         string         `json:"name"`
	IsOrgDefault bool           `json:"isOrgDefault"`
	EntityType   string         `json:"entityType"`
	Mode         string         `json:"mode"`
	Stacks       []groupedStack `json:"stacks"`
	Packs        []groupedPack  `json:"appliedPolicyPacks"`
	Accounts     []string       `json:"accounts"`
}

type groupedStack struct {
	Name           string `json:"name"`
	RoutingProject string `json:"routingProject"`
}

type groupedPack struct {
	Name         string                      `json:"name"`
	DisplayName  string                      `json:"displayName"`
	Version      int                         `json:"version"`
	VersionTag   string                      `json:"versionTag"`
	Config       map[string]*json.RawMessage `json:"config,omitempty"`
	Environments []string                    `json:"environments,omitempty"`

	enabled int // counts up: which was enabled last
}

// groupChange is one change of a policy group.
type groupChange struct {
	NewName          *string       `json:"newName"`
	AddStack         *groupedStack `json:"addStack"`
	RemoveStack      *groupedStack `json:"removeStack"`
	AddPolicyPack    *groupedPack  `json:"addPolicyPack"`
	RemovePolicyPack *groupedPack  `json:"removePolicyPack"`
}

// match is an entry of an exception.
type match struct {
	Policies []string `json:"policies"`
	Targets  []string `json:"targets"`
}

// exception is a policy exception, in the form the service tells it.
type exception struct {
	ID         string     `json:"id"`
	PolicyPack string     `json:"policyPack"`
	Match      []match    `json:"match"`
	Reason     string     `json:"reason"`
	Status     string     `json:"status"`
	ExpiresAt  *time.Time `json:"expiresAt,omitempty"`
	CreatedBy  any        `json:"createdBy,omitempty"`
	CreatedAt  time.Time  `json:"createdAt"`
	RemovedAt  *time.Time `json:"removedAt,omitempty"`
}

// requiredPack is a pack that a run has to have.
type requiredPack struct {
	apitype.RequiredPolicy
	Exceptions map[string]any `json:"exceptions,omitempty"` // since v3.274 of the CLI
}

func (s *Service) handlePolicies(handle func(string, endpoint)) {
	handle("POST /api/orgs/{org}/policypacks", s.createPack)
	handle("GET /api/orgs/{org}/policypacks", s.listPacks)
	handle("DELETE /api/orgs/{org}/policypacks/{pack}", s.removePack)
	handle("GET /api/orgs/{org}/policypacks/{pack}/versions/{version}", s.getPack)
	handle("DELETE /api/orgs/{org}/policypacks/{pack}/versions/{version}", s.removePack)
	handle("POST /api/orgs/{org}/policypacks/{pack}/versions/{version}/complete", s.completePack)
	handle("GET /api/orgs/{org}/policypacks/{pack}/versions/{version}/schema", s.getSchema)
	handle("GET /api/orgs/{org}/policygroups", s.listGroups)
	handle("POST /api/orgs/{org}/policygroups", s.createGroup)
	handle("GET /api/orgs/{org}/policygroups/{group}", s.getGroup)
	handle("PATCH /api/orgs/{org}/policygroups/{group}", s.changeGroup)
	handle("PATCH /api/orgs/{org}/policygroups/{group}/batch", s.changeGroup)
	handle("DELETE /api/orgs/{org}/policygroups/{group}", s.removeGroup)
	handle("GET /api/orgs/{org}/policy/exceptions", s.listExceptions)
	handle("POST /api/orgs/{org}/policy/exceptions", s.createException)
	handle("GET /api/orgs/{org}/policy/exceptions/{exception}", s.getException)
	handle("DELETE /api/orgs/{org}/policy/exceptions/{exception}", s.removeException)
}

// handleArchives stands for the object store, whose URLs need no token.
func (s *Service) handleArchives(mux *http.ServeMux) {
	mux.HandleFunc("PUT /archives/{pack}/{number}", func(w http.ResponseWriter, r *http.Request) {
		archive, err := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		p := s.packNumber(r.PathValue("pack"), r.PathValue("number"))
		switch {
		case err != nil || r.Header.Get("Authorization") != "" || r.Header.Get("x-amz-server-side-encryption") != "AES256":
			w.WriteHeader(http.StatusForbidden)
		case p == nil || p.complete:
			w.WriteHeader(http.StatusNotFound)
		default:
			p.archive = archive
		}
	})
	mux.HandleFunc("GET /archives/{pack}/{number}", func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		p := s.packNumber(r.PathValue("pack"), r.PathValue("number"))
		if p == nil || !p.there() || r.Header.Get("Authorization") != "" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "application/gzip")
		w.Write(p.archive)
	})
}

// Archive returns what was published as a version of a pack, a compressed tar, and whether it was.
func (s *Service) Archive(name, version string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.findPack(name, version)
	if err != nil {
		return nil, false
	}
	return slices.Clone(p.archive), true
}

// Published returns what was told of a version of a pack, and whether it was published.
func (s *Service) Published(name, version string) (apitype.CreatePolicyPackRequest, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.findPack(name, version)
	if err != nil {
		return apitype.CreatePolicyPackRequest{}, false
	}
	return p.CreatePolicyPackRequest, true
}

func (s *Service) packNumber(name, number string) *pack {
	for _, p := range s.packs {
		if p.Name == name && strconv.Itoa(p.Number) == number {
			return p
		}
	}
	return nil
}

// findPack returns a version of a pack by its tag or number, the newest where that is "" or "latest".
func (s *Service) findPack(name, version string) (*pack, error) {
	for _, p := range slices.Backward(s.packs) {
		if p.Name == name && p.there() &&
			(version == "" || version == latest || version == p.VersionTag || version == strconv.Itoa(p.Number)) {
			return p, nil
		}
	}
	if version == "" {
		version = latest
	}
	return nil, fail(http.StatusNotFound, "Policy Pack '%s' and version '%s' not found", name, version)
}

func (s *Service) createPack(c call) (any, error) {
	if err := s.governs(c); err != nil {
		return nil, err
	}
	p := &pack{Number: 1}
	if err := c.decode(&p.CreatePolicyPackRequest); err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for _, policy := range p.Policies {
		if names[policy.Name] {
			return nil, fail(http.StatusBadRequest, "Duplicate policy name: %q", policy.Name)
		}
		names[policy.Name] = true
	}
	s.packs = slices.DeleteFunc(s.packs, func(other *pack) bool { // an upload that did not end
		return other.Name == p.Name && other.VersionTag == p.VersionTag && !other.complete
	})
	for _, other := range s.packs {
		if other.Name != p.Name {
			continue
		}
		if p.VersionTag != "" && other.VersionTag == p.VersionTag {
			return nil, fail(http.StatusBadRequest, "Policy Pack: %s, Version Tag: %s already exists", p.Name, p.VersionTag)
		}
		p.Number = max(p.Number, other.Number+1)
	}
	if p.VersionTag == "" {
		p.VersionTag = strconv.Itoa(p.Number)
	}
	s.packs = append(s.packs, p)
	return apitype.CreatePolicyPackResponse{
		Version: p.Number, UploadURI: s.archiveURL(p),
		RequiredHeaders: map[string]string{"x-amz-server-side-encryption": "AES256"},
	}, nil
}

func (s *Service) archiveURL(p *pack) string {
	return fmt.Sprintf("%s/archives/%s/%d", s.URL, p.Name, p.Number)
}

func (s *Service) completePack(c call) (any, error) {
	if err := s.governs(c); err != nil {
		return nil, err
	}
	for _, p := range s.packs {
		if p.Name == c.PathValue("pack") && p.VersionTag == c.PathValue("version") && !p.complete {
			if p.archive == nil {
				return nil, fail(http.StatusBadRequest, "the archive of %s %s was not uploaded", p.Name, p.VersionTag)
			}
			p.complete = true
			return nil, nil
		}
	}
	return nil, fail(http.StatusNotFound, "Policy Pack '%s' not found", c.PathValue("pack"))
}

func (s *Service) listPacks(c call) (any, error) {
	if err := s.member(c); err != nil {
		return nil, err
	}
	type listed struct {
		Name        string   `json:"name"`
		DisplayName string   `json:"displayName"`
		Versions    []int    `json:"versions"`
		VersionTags []string `json:"versionTags"`
	}
	var all []*listed
	for _, p := range slices.Backward(s.packs) { // newest first
		if !p.there() {
			continue
		}
		at := slices.IndexFunc(all, func(l *listed) bool { return l.Name == p.Name })
		if at < 0 {
			at = len(all)
			all = append(all, &listed{Name: p.Name, DisplayName: p.DisplayName})
		}
		all[at].Versions = append(all[at].Versions, p.Number)
		all[at].VersionTags = append(all[at].VersionTags, p.VersionTag)
	}
	return map[string]any{"policyPacks": all}, nil
}

func (s *Service) getPack(c call) (any, error) {
	if err := s.member(c); err != nil {
		return nil, err
	}
	p, err := s.findPack(c.PathValue("pack"), c.PathValue("version"))
	if err != nil {
		return nil, err
	}
	applied := slices.ContainsFunc(s.groups, func(g *group) bool {
		return slices.ContainsFunc(g.Packs, func(in groupedPack) bool { return in.Name == p.Name && in.Version == p.Number })
	})
	return apitype.GetPolicyPackResponse{
		Name: p.Name, DisplayName: p.DisplayName, Version: p.Number, VersionTag: p.VersionTag,
		Policies: p.Policies, Applied: applied,
	}, nil
}

func (s *Service) getSchema(c call) (any, error) {
	if err := s.member(c); err != nil {
		return nil, err
	}
	p, err := s.findPack(c.PathValue("pack"), c.PathValue("version"))
	if err != nil {
		return nil, err
	}
	schema := map[string]apitype.PolicyConfigSchema{}
	for _, policy := range p.Policies {
		if policy.ConfigSchema != nil {
			schema[policy.Name] = *policy.ConfigSchema
		}
	}
	return apitype.GetPolicyPackConfigSchemaResponse{ConfigSchema: schema}, nil
}

func (s *Service) removePack(c call) (any, error) {
	if err := s.governs(c); err != nil {
		return nil, err
	}
	found := false
	for _, p := range s.packs {
		if version := c.PathValue("version"); p.Name != c.PathValue("pack") || !p.there() || version != "" && version != p.VersionTag {
			continue
		}
		for _, g := range s.groups {
			if slices.ContainsFunc(g.Packs, func(in groupedPack) bool { return in.Name == p.Name && in.Version == p.Number }) {
				return nil, fail(http.StatusBadRequest, "Policy Pack '%s' is enabled in the policy group %s", p.Name, g.Name)
			}
		}
		p.removed, found = true, true
	}
	if !found {
		return nil, fail(http.StatusNotFound, "Policy Pack '%s' not found", c.PathValue("pack"))
	}
	return nil, nil
}

func (s *Service) findGroup(name string) (*group, error) {
	for _, g := range s.groups {
		if g.Name == name {
			return g, nil
		}
	}
	return nil, fail(http.StatusNotFound, "Policy Group '%s' not found", name)
}

func (s *Service) listGroups(c call) (any, error) {
	if err := s.member(c); err != nil {
		return nil, err
	}
	var all []any
	for _, g := range s.groups {
		all = append(all, map[string]any{
			"name": g.Name, "isOrgDefault": g.IsOrgDefault, "entityType": g.EntityType, "mode": g.Mode,
			"numStacks": len(g.Stacks), "numEnabledPolicyPacks": len(g.Packs),
		})
	}
	return map[string]any{"policyGroups": all}, nil
}

func (s *Service) createGroup(c call) (any, error) {
	if err := s.governs(c); err != nil {
		return nil, err
	}
	g := &group{}
	if err := c.decode(g); err != nil {
		return nil, err
	}
	if g.Mode != preventative && g.Mode != audit {
		return nil, fail(http.StatusBadRequest, "a policy group's mode is %s or %s", preventative, audit)
	}
	if _, err := s.findGroup(g.Name); err == nil {
		return nil, fail(http.StatusConflict, "Policy Group '%s' already exists", g.Name)
	}
	if g.EntityType == "" {
		g.EntityType = map[string]string{preventative: "stacks", audit: "accounts"}[g.Mode]
	}
	s.groups = append(s.groups, g)
	return nil, nil
}

func (s *Service) getGroup(c call) (any, error) {
	if err := s.member(c); err != nil {
		return nil, err
	}
	return s.findGroup(c.PathValue("group"))
}

func (s *Service) removeGroup(c call) (any, error) {
	if err := s.governs(c); err != nil {
		return nil, err
	}
	g, err := s.findGroup(c.PathValue("group"))
	if err != nil {
		return nil, err
	}
	if g.IsOrgDefault {
		return nil, fail(http.StatusBadRequest, "the default policy group cannot be deleted")
	}
	s.groups = slices.DeleteFunc(s.groups, func(other *group) bool { return other == g })
	return nil, nil
}

// changeGroup makes one change, or several together: all of them or none.
func (s *Service) changeGroup(c call) (any, error) {
	if err := s.governs(c); err != nil {
		return nil, err
	}
	g, err := s.findGroup(c.PathValue("group"))
	if err != nil {
		return nil, err
	}
	var text json.RawMessage
	if err := c.decode(&text); err != nil {
		return nil, err
	}
	if text[0] != '[' {
		text = slices.Concat([]byte("["), text, []byte("]"))
	}
	var changes []groupChange
	if err := json.Unmarshal(text, &changes); err != nil {
		return nil, fail(http.StatusBadRequest, "%v", err)
	}
	changed := *g
	changed.Stacks, changed.Packs = slices.Clone(g.Stacks), slices.Clone(g.Packs)
	for _, change := range changes {
		if err := s.change(&changed, change); err != nil {
			return nil, err
		}
	}
	*g = changed
	return nil, nil
}

func (s *Service) change(g *group, change groupChange) error {
	if name := change.NewName; name != nil {
		if g.IsOrgDefault {
			return fail(http.StatusBadRequest, "the default policy group cannot be renamed")
		}
		g.Name = *name
	}
	if added := change.AddStack; added != nil {
		if s.stacks[added.RoutingProject+"/"+added.Name] == nil {
			return fail(http.StatusNotFound, "Stack '%s/%s' not found", added.RoutingProject, added.Name)
		}
		if !slices.Contains(g.Stacks, *added) {
			g.Stacks = append(g.Stacks, *added)
		}
	}
	if removed := change.RemoveStack; removed != nil {
		g.Stacks = slices.DeleteFunc(g.Stacks, func(in groupedStack) bool { return in == *removed })
	}
	if removed := change.RemovePolicyPack; removed != nil {
		before := len(g.Packs)
		g.Packs = slices.DeleteFunc(g.Packs, func(in groupedPack) bool {
			return in.Name == removed.Name && (removed.VersionTag == "" || removed.VersionTag == in.VersionTag)
		})
		if len(g.Packs) == before {
			return fail(http.StatusNotFound, "Policy Pack '%s' is not enabled in the policy group %s", removed.Name, g.Name)
		}
	}
	if added := change.AddPolicyPack; added != nil {
		p, err := s.findPack(added.Name, added.VersionTag)
		if err != nil {
			return err
		}
		for _, name := range added.Environments {
			if _, ok := s.environments[name]; !ok {
				return fail(http.StatusNotFound, "Environment '%s' not found", name)
			}
		}
		added.DisplayName, added.Version, added.VersionTag = p.DisplayName, p.Number, p.VersionTag
		s.enabled++
		added.enabled = s.enabled
		g.Packs = slices.DeleteFunc(g.Packs, func(in groupedPack) bool { return in.Name == added.Name })
		g.Packs = append(g.Packs, *added)
	}
	return nil
}

// required returns the packs that a run of a stack has to have: of each its newest version and, where several groups have that, as it
// was enabled last (https://www.pulumi.com/docs/support/faq/policies/).
func (s *Service) required(in groupedStack) []requiredPack {
	newest := map[string]groupedPack{}
	var names []string
	for _, g := range s.groups {
		if g.Mode != preventative || !slices.Contains(g.Stacks, in) {
			continue
		}
		for _, p := range g.Packs {
			other, ok := newest[p.Name]
			if !ok {
				names = append(names, p.Name)
			}
			if !ok || p.Version > other.Version || p.Version == other.Version && p.enabled > other.enabled {
				newest[p.Name] = p
			}
		}
	}
	var all []requiredPack
	for _, name := range names {
		in := newest[name]
		p := s.packNumber(in.Name, strconv.Itoa(in.Version))
		one := requiredPack{RequiredPolicy: apitype.RequiredPolicy{
			Name: in.Name, Version: in.Version, VersionTag: in.VersionTag, DisplayName: in.DisplayName,
			PackLocation: s.archiveURL(p), Config: in.Config, Environments: in.Environments,
		}}
		for _, e := range s.exceptions {
			if e.PolicyPack == name && s.status(e) == "active" {
				if one.Exceptions == nil {
					one.Exceptions = map[string]any{}
				}
				one.Exceptions[e.ID] = map[string]any{"reason": e.Reason, "match": e.Match}
			}
		}
		all = append(all, one)
	}
	return all
}

// status returns an exception's status at the service's time.
func (s *Service) status(e *exception) string {
	if e.RemovedAt == nil && e.ExpiresAt != nil && !s.now.Before(*e.ExpiresAt) {
		e.RemovedAt = e.ExpiresAt
	}
	if e.RemovedAt != nil {
		return "removed"
	}
	return "active"
}

func (s *Service) listExceptions(c call) (any, error) {
	if err := s.member(c); err != nil {
		return nil, err
	}
	query := c.URL.Query()
	statuses := query["status"]
	if len(statuses) == 0 {
		statuses = []string{"active"}
	}
	all := []exception{}
	for _, e := range slices.Backward(s.exceptions) {
		pack, policy := query.Get("policyPack"), query.Get("policy")
		if pack != "" && pack != e.PolicyPack || !slices.Contains(statuses, s.status(e)) ||
			policy != "" && !slices.ContainsFunc(e.Match, func(m match) bool { return slices.Contains(m.Policies, policy) }) {
			continue
		}
		all = append(all, s.told(e))
	}
	return map[string]any{"exceptions": all}, nil
}

// told returns an exception with its status.
func (s *Service) told(e *exception) exception {
	told := *e
	told.Status = s.status(e)
	return told
}

func (s *Service) createException(c call) (any, error) {
	if err := s.governs(c); err != nil {
		return nil, err
	}
	var request struct {
		exception
		ExpiresInSeconds int64 `json:"expiresInSeconds"`
	}
	if err := c.decode(&request); err != nil {
		return nil, err
	}
	if _, err := s.findPack(request.PolicyPack, latest); err != nil {
		return nil, err
	}
	if request.Reason == "" || len(request.Match) == 0 {
		return nil, fail(http.StatusBadRequest, "an exception needs a reason and a match")
	}
	e := &exception{
		ID: fmt.Sprintf("EXC-%d", len(s.exceptions)+1), PolicyPack: request.PolicyPack, Match: request.Match, Reason: request.Reason,
		CreatedAt: s.now, CreatedBy: map[string]any{"githubLogin": c.user.login, "name": c.user.login},
	}
	if request.ExpiresInSeconds != 0 {
		expires := s.now.Add(time.Duration(request.ExpiresInSeconds) * time.Second)
		e.ExpiresAt = &expires
	}
	for _, other := range s.exceptions {
		if s.status(other) == "active" && other.PolicyPack == e.PolicyPack && other.Reason == e.Reason &&
			reflect.DeepEqual(other.Match, e.Match) && reflect.DeepEqual(other.ExpiresAt, e.ExpiresAt) {
			return s.told(other), nil
		}
	}
	s.exceptions = append(s.exceptions, e)
	return created{s.told(e)}, nil
}

func (s *Service) findException(c call) (*exception, error) {
	for _, e := range s.exceptions {
		if e.ID == c.PathValue("exception") {
			return e, nil
		}
	}
	return nil, fail(http.StatusNotFound, "Policy exception '%s' not found", c.PathValue("exception"))
}

func (s *Service) getException(c call) (any, error) {
	if err := s.member(c); err != nil {
		return nil, err
	}
	e, err := s.findException(c)
	if err != nil {
		return nil, err
	}
	return s.told(e), nil
}

func (s *Service) removeException(c call) (any, error) {
	if err := s.governs(c); err != nil {
		return nil, err
	}
	e, err := s.findException(c)
	if err != nil {
		return nil, err
	}
	if s.status(e) != "active" {
		return nil, fail(http.StatusConflict, "the policy exception %s is not active", e.ID)
	}
	removed := s.now
	e.RemovedAt = &removed
	return nil, nil
}
