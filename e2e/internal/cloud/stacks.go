package cloud

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
)

// stack is a stack of the organization.
type stack struct {
	project, name string
	tags          map[apitype.StackTagName]string
	version       int // of the last update that ended
	updated       time.Time
	deployment    apitype.UntypedDeployment
	key           cipher.AEAD // of its secrets
	held          *Update     // the update in progress; previews hold nothing
	private       bool
	readers       []string // of a private stack, beside administrators: logins
}

// readable says whether a user may read the stack.
func (s *stack) readable(by user) bool {
	return !s.private || by.role == Admin || slices.Contains(s.readers, by.login)
}

// Update is a run of the CLI on a stack.
type Update struct {
	ID      string
	Kind    string // "preview", "update", "refresh", "destroy"
	Stack   string // "project/stack"
	Status  string // what the CLI said it came to: "succeeded", "failed"; "" while it runs
	Version int    // of the stack, once it has ended; previews have none
	Request apitype.UpdateProgramRequest
	// Events are those that the CLI posted, as it wrote them.
	Events []json.RawMessage

	by    user
	stack *stack
	lease string
	ends  time.Time // the lease does
}

func (s *Service) handleStacks(handle func(string, endpoint)) {
	handle("GET /api/orgs/{org}/search/resourcesv2", s.searchResources)
	handle("HEAD /api/stacks/{org}/{project}", s.headProject)
	handle("POST /api/stacks/{org}/{project}", s.createStack)
	const path = "/api/stacks/{org}/{project}/{stack}"
	handle("GET "+path, s.getStack)
	handle("DELETE "+path, s.removeStack)
	handle("GET "+path+"/export", s.exportStack)
	handle("PATCH "+path+"/tags", s.tagStack)
	handle("GET "+path+"/policypacks", s.stackPacks)
	handle("GET "+path+"/policygroups", s.stackGroups)
	handle("POST "+path+"/encrypt", s.encrypt)
	handle("POST "+path+"/decrypt", s.decrypt)
	handle("POST "+path+"/batch-encrypt", s.encrypt)
	handle("POST "+path+"/batch-decrypt", s.decrypt)
	handle("POST "+path+"/decrypt/log-decryption", s.noted)
	handle("POST "+path+"/decrypt/log-batch-decryption", s.noted)
	for _, kind := range []string{"preview", "update", "refresh", "destroy"} {
		handle("POST "+path+"/"+kind, func(c call) (any, error) { return s.createUpdate(c, kind) })
	}
	handle("GET "+path+"/updates", s.listUpdates)
	handle("GET "+path+"/updates/latest/previews", s.listPreviews)
	// The CLI names runs of every kind by this path.
	const update = path + "/update/{update}"
	handle("POST "+update, s.startUpdate)
	handle("PATCH "+update+"/checkpoint", s.checkpoint)
	handle("POST "+update+"/events/batch", s.addEvents)
	handle("GET "+update+"/events", s.getEvents)
	handle("POST "+update+"/renew_lease", s.renewLease)
	handle("POST "+update+"/complete", s.completeUpdate)
}

// Updates returns all runs, in their order.
func (s *Service) Updates() []Update {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []Update
	for _, u := range s.updates {
		all = append(all, *u)
	}
	return all
}

// Private has a stack, "project/stack", be for administrators and the users that are named.
func (s *Service) Private(name string, readers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stacks[name].private, s.stacks[name].readers = true, readers
}

// find returns the stack of a path, which the caller may read.
func (s *Service) find(c call) (*stack, error) {
	if err := s.member(c); err != nil {
		return nil, err
	}
	if found := s.stacks[c.PathValue("project")+"/"+c.PathValue("stack")]; found != nil && found.readable(c.user) {
		return found, nil
	}
	return nil, fail(http.StatusNotFound, "Stack '%s/%s/%s' not found", s.Org, c.PathValue("project"), c.PathValue("stack"))
}

func (s *Service) headProject(c call) (any, error) {
	for _, stack := range s.stacks {
		if c.PathValue("org") == s.Org && stack.project == c.PathValue("project") {
			return nil, nil
		}
	}
	return nil, fail(http.StatusNotFound, "Project '%s' not found", c.PathValue("project"))
}

func (s *Service) listStacks(c call) (any, error) {
	all := []apitype.StackSummary{}
	for _, stack := range s.stacks {
		if !stack.readable(c.user) {
			continue
		}
		told := apitype.StackSummary{OrgName: s.Org, ProjectName: stack.project, StackName: stack.name}
		if !stack.updated.IsZero() {
			at := stack.updated.Unix()
			told.LastUpdate = &at
		}
		all = append(all, told)
	}
	slices.SortFunc(all, func(a, b apitype.StackSummary) int {
		return strings.Compare(a.ProjectName+"/"+a.StackName, b.ProjectName+"/"+b.StackName)
	})
	return apitype.ListStacksResponse{Stacks: all}, nil
}

// term is one of the query language's that the search knows: resources of a type, or by their id.
var term = regexp.MustCompile(`^(type|id):"([^"]*)"$`)

// searchResources finds resources in the states of the stacks that the caller may read.
func (s *Service) searchResources(c call) (any, error) {
	if err := s.member(c); err != nil {
		return nil, err
	}
	query := term.FindStringSubmatch(c.URL.Query().Get("query"))
	if query == nil {
		return nil, fail(http.StatusBadRequest, "the stand-in does not search by %s", c.URL.Query().Get("query"))
	}
	type resource struct {
		URN      string `json:"urn"`
		Type     string `json:"type"`
		ID       string `json:"id"`
		Project  string `json:"project"`
		Stack    string `json:"stack"`
		External bool   `json:"external"`
		Delete   bool   `json:"delete"`
	}
	all := []resource{}
	for _, stack := range s.stacks {
		if !stack.readable(c.user) {
			continue
		}
		var state struct{ Resources []resource }
		if err := json.Unmarshal(stack.deployment.Deployment, &state); err != nil {
			return nil, err
		}
		for _, r := range state.Resources {
			if query[1] == "type" && r.Type == query[2] || query[1] == "id" && r.ID == query[2] {
				r.Project, r.Stack = stack.project, stack.name
				all = append(all, r)
			}
		}
	}
	return map[string]any{"total": len(all), "resources": all}, nil
}

func (s *Service) createStack(c call) (any, error) {
	if err := s.member(c); err != nil {
		return nil, err
	}
	var request apitype.CreateStackRequest
	if err := c.decode(&request); err != nil {
		return nil, err
	}
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	made := &stack{project: c.PathValue("project"), name: request.StackName, tags: request.Tags, key: aead}
	made.deployment = apitype.UntypedDeployment{
		Version: 3, Deployment: json.RawMessage(`{"manifest":{"time":"0001-01-01T00:00:00Z","magic":"","version":""}}`),
	}
	name := made.project + "/" + made.name
	if s.stacks[name] != nil {
		return nil, fail(http.StatusConflict, "Stack '%s' already exists", name)
	}
	s.stacks[name] = made
	s.groups[0].Stacks = append(s.groups[0].Stacks, made.reference())
	return apitype.CreateStackResponse{}, nil
}

// reference is the stack as policy groups name it.
func (s *stack) reference() groupedStack {
	return groupedStack{Name: s.name, RoutingProject: s.project}
}

func (s *Service) getStack(c call) (any, error) {
	found, err := s.find(c)
	if err != nil {
		return nil, err
	}
	told := apitype.Stack{
		OrgName: s.Org, ProjectName: found.project, StackName: tokens.QName(found.name), Tags: found.tags, Version: found.version,
	}
	if found.held != nil {
		told.ActiveUpdate = found.held.ID
	}
	return told, nil
}

func (s *Service) removeStack(c call) (any, error) {
	found, err := s.find(c)
	if err != nil {
		return nil, err
	}
	if c.URL.Query().Get("force") != "true" && bytes.Contains(found.deployment.Deployment, []byte(`"urn"`)) {
		return nil, fail(http.StatusBadRequest, "Stack still contains resources.")
	}
	for _, g := range s.groups {
		g.Stacks = slices.DeleteFunc(g.Stacks, func(in groupedStack) bool { return in == found.reference() })
	}
	delete(s.stacks, found.project+"/"+found.name)
	return nil, nil
}

func (s *Service) exportStack(c call) (any, error) {
	found, err := s.find(c)
	if err != nil {
		return nil, err
	}
	return apitype.ExportStackResponse(found.deployment), nil
}

func (s *Service) tagStack(c call) (any, error) {
	found, err := s.find(c)
	if err != nil {
		return nil, err
	}
	found.tags = nil
	return nil, c.decode(&found.tags)
}

func (s *Service) stackPacks(c call) (any, error) {
	found, err := s.find(c)
	if err != nil {
		return nil, err
	}
	packs := s.required(found.reference())
	if c.URL.Query().Get("mode") == audit {
		packs = nil
	}
	return map[string]any{"requiredPolicies": packs}, nil
}

func (s *Service) stackGroups(c call) (any, error) {
	found, err := s.find(c)
	if err != nil {
		return nil, err
	}
	all := []any{}
	for _, g := range s.groups {
		if slices.Contains(g.Stacks, found.reference()) {
			all = append(all, map[string]any{"name": g.Name, "isOrgDefault": g.IsOrgDefault, "entityType": g.EntityType, "mode": g.Mode})
		}
	}
	return map[string]any{"policyGroups": all}, nil
}

// encrypt encrypts one text, or several together.
func (s *Service) encrypt(c call) (any, error) {
	found, err := s.find(c)
	if err != nil {
		return nil, err
	}
	var request struct {
		apitype.EncryptValueRequest
		apitype.BatchEncryptRequest
	}
	if err := c.decode(&request); err != nil {
		return nil, err
	}
	seal := func(plaintext []byte) []byte {
		nonce := make([]byte, found.key.NonceSize())
		rand.Read(nonce)
		return found.key.Seal(nonce, nonce, plaintext, nil)
	}
	if !strings.Contains(c.URL.Path, "/batch-") {
		return apitype.EncryptValueResponse{Ciphertext: seal(request.Plaintext)}, nil
	}
	var response apitype.BatchEncryptResponse
	for _, plaintext := range request.Plaintexts {
		response.Ciphertexts = append(response.Ciphertexts, seal(plaintext))
	}
	return response, nil
}

// decrypt decrypts one text, or several together.
func (s *Service) decrypt(c call) (any, error) {
	found, err := s.find(c)
	if err != nil {
		return nil, err
	}
	var request struct {
		apitype.DecryptValueRequest
		apitype.BatchDecryptRequest
	}
	if err := c.decode(&request); err != nil {
		return nil, err
	}
	open := func(ciphertext []byte) ([]byte, error) {
		n := min(found.key.NonceSize(), len(ciphertext))
		if n < found.key.NonceSize() {
			return nil, fail(http.StatusBadRequest, "invalid ciphertext")
		}
		plaintext, err := found.key.Open(nil, ciphertext[:n], ciphertext[n:], nil)
		if err != nil {
			return nil, fail(http.StatusBadRequest, "invalid ciphertext")
		}
		return plaintext, nil
	}
	if !strings.Contains(c.URL.Path, "/batch-") {
		plaintext, err := open(request.Ciphertext)
		return apitype.DecryptValueResponse{Plaintext: plaintext}, err
	}
	response := apitype.BatchDecryptResponse{Plaintexts: map[string][]byte{}}
	for _, ciphertext := range request.Ciphertexts {
		plaintext, err := open(ciphertext)
		if err != nil {
			return nil, err
		}
		response.Plaintexts[base64.StdEncoding.EncodeToString(ciphertext)] = plaintext
	}
	return response, nil
}

// noted answers what the service only writes down.
func (s *Service) noted(c call) (any, error) { return nil, s.member(c) }

func (s *Service) createUpdate(c call, kind string) (any, error) {
	found, err := s.find(c)
	if err != nil {
		return nil, err
	}
	u := &Update{ID: strings.ToLower(rand.Text()), Kind: kind, Stack: found.project + "/" + found.name, by: c.user, stack: found}
	if err := c.decode(&u.Request); err != nil {
		return nil, err
	}
	s.updates = append(s.updates, u)
	return map[string]any{"updateID": u.ID, "requiredPolicies": s.required(found.reference()), "messages": []any{}}, nil
}

// update returns a run by its id, nil where there is none.
func (s *Service) update(id string) *Update {
	for _, u := range s.updates {
		if u.ID == id {
			return u
		}
	}
	return nil
}

// findUpdate returns the run of a path: by its id or, of those that are no previews, by its version.
func (s *Service) findUpdate(c call) (*Update, error) {
	found, err := s.find(c)
	if err != nil {
		return nil, err
	}
	id := c.PathValue("update")
	for _, u := range s.updates {
		if u.stack == found && (u.ID == id || u.Version != 0 && strconv.Itoa(u.Version) == id) {
			return u, nil
		}
	}
	return nil, fail(http.StatusNotFound, "Update '%s' not found", id)
}

const leaseTime = 5 * time.Minute

func (s *Service) startUpdate(c call) (any, error) {
	u, err := s.findUpdate(c)
	if err != nil {
		return nil, err
	}
	var request apitype.StartUpdateRequest
	if err := c.decode(&request); err != nil {
		return nil, err
	}
	version := u.stack.version
	if u.Kind != "preview" {
		if held := u.stack.held; held != nil && s.now.Before(held.ends) {
			return nil, fail(http.StatusConflict, "Another update is currently in progress.")
		}
		u.stack.held = u
		version++
	}
	if request.Tags != nil {
		u.stack.tags = request.Tags
	}
	u.lease, u.ends = rand.Text(), s.now.Add(leaseTime)
	return apitype.StartUpdateResponse{Version: version, Token: u.lease, TokenExpiration: u.ends.Unix()}, nil
}

// leased returns the run of a path, which the request has to have the lease of.
func (s *Service) leased(c call) (*Update, error) {
	u, err := s.findUpdate(c)
	if err != nil {
		return nil, err
	}
	if c.Header.Get("Authorization") != "update-token "+u.lease || u.lease == "" || !s.now.Before(u.ends) {
		return nil, fail(http.StatusForbidden, "The update is not held by this lease.")
	}
	return u, nil
}

func (s *Service) checkpoint(c call) (any, error) {
	u, err := s.leased(c)
	if err != nil {
		return nil, err
	}
	if u.Kind == "preview" {
		return nil, fail(http.StatusBadRequest, "a preview has no checkpoint")
	}
	var request apitype.PatchUpdateCheckpointRequest
	if err := c.decode(&request); err != nil {
		return nil, err
	}
	u.stack.deployment = apitype.UntypedDeployment{
		Version: request.Version, Features: request.Features, Deployment: request.Deployment,
	}
	return nil, nil
}

func (s *Service) addEvents(c call) (any, error) {
	u, err := s.leased(c)
	if err != nil {
		return nil, err
	}
	var batch struct{ Events []json.RawMessage }
	if err := c.decode(&batch); err != nil {
		return nil, err
	}
	u.Events = append(u.Events, batch.Events...)
	return nil, nil
}

// policyEvent is the number by which the service's clients ask for events of policies.
const policyEvent = "9"

func (s *Service) getEvents(c call) (any, error) {
	u, err := s.findUpdate(c)
	if err != nil {
		return nil, err
	}
	events := []json.RawMessage{}
	for _, event := range u.Events {
		var is struct{ PolicyEvent *json.RawMessage }
		if err := json.Unmarshal(event, &is); err != nil {
			return nil, err
		}
		if types := c.URL.Query()["type"]; len(types) == 0 || is.PolicyEvent != nil && slices.Contains(types, policyEvent) {
			events = append(events, event)
		}
	}
	return map[string]any{"events": events}, nil
}

func (s *Service) renewLease(c call) (any, error) {
	u, err := s.leased(c)
	if err != nil {
		return nil, err
	}
	var request apitype.RenewUpdateLeaseRequest
	if err := c.decode(&request); err != nil {
		return nil, err
	}
	u.ends = s.now.Add(time.Duration(request.Duration) * time.Second)
	return apitype.RenewUpdateLeaseResponse{Token: u.lease, TokenExpiration: u.ends.Unix()}, nil
}

func (s *Service) completeUpdate(c call) (any, error) {
	u, err := s.leased(c)
	if err != nil {
		return nil, err
	}
	var request apitype.CompleteUpdateRequest
	if err := c.decode(&request); err != nil {
		return nil, err
	}
	u.Status, u.lease = string(request.Status), ""
	if u.Kind != "preview" {
		u.stack.version++
		u.Version, u.stack.held, u.stack.updated = u.stack.version, nil, s.now
	}
	return nil, nil
}

func (s *Service) listUpdates(c call) (any, error) {
	found, err := s.find(c)
	if err != nil {
		return nil, err
	}
	all := []apitype.UpdateInfo{}
	for _, u := range slices.Backward(s.updates) {
		if u.stack == found && u.Version != 0 {
			all = append(all, apitype.UpdateInfo{
				Kind: apitype.UpdateKind(u.Kind), Result: apitype.UpdateResult(u.Status), Version: u.Version,
			})
		}
	}
	return apitype.GetHistoryResponse{Updates: all}, nil
}

// listPreviews tells of the previews since the last update, newest first.
func (s *Service) listPreviews(c call) (any, error) {
	found, err := s.find(c)
	if err != nil {
		return nil, err
	}
	all := []apitype.StackPreview{}
	for _, u := range slices.Backward(s.updates) {
		if u.stack != found {
			continue
		}
		if u.Kind != "preview" {
			break
		}
		all = append(all, apitype.StackPreview{UpdateID: u.ID})
	}
	return apitype.GetLatestStackPreviewsResponse{Updates: all}, nil
}
