package cloud

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"
)

// client asks a service as the CLI does.
type client struct {
	t   *testing.T
	url string
}

// ask sends a request, compressed where it is under a lease, and returns the status and the answer.
func (c client) ask(authorization, method, path, body string) (int, map[string]any) {
	c.t.Helper()
	var sent bytes.Buffer
	compressed := bytes.HasPrefix([]byte(authorization), []byte("update-token"))
	if compressed {
		w := gzip.NewWriter(&sent)
		w.Write([]byte(body))
		w.Close()
	} else {
		sent.WriteString(body)
	}
	request, err := http.NewRequestWithContext(c.t.Context(), method, c.url+path, &sent)
	if err != nil {
		c.t.Fatal(err)
	}
	request.Header.Set("Authorization", authorization)
	if compressed {
		request.Header.Set("Content-Encoding", "gzip")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	var answer map[string]any
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer); err != nil {
			c.t.Fatalf("%s %s: %v\n%s", method, path, err, text)
		}
	}
	return response.StatusCode, answer
}

// expect is ask for a status.
func (c client) expect(status int, authorization, method, path, body string) map[string]any {
	c.t.Helper()
	got, answer := c.ask(authorization, method, path, body)
	if got != status {
		c.t.Fatalf("%s %s: %d, not %d: %v", method, path, got, status, answer)
	}
	return answer
}

func start(t *testing.T) (s *Service, c client, admin, member string) {
	s, stop := Start("acme", time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC))
	t.Cleanup(stop)
	return s, client{t, s.URL}, "token " + s.Token("alice", Admin), "token " + s.Token("bob", Member)
}

func TestVersions(t *testing.T) {
	s, c, admin, member := start(t)
	const packs, version = "/api/orgs/acme/policypacks", `{"name": "pack", "versionTag": "1.0.0"}`
	c.expect(401, "token of nobody", "GET", packs, "")
	c.expect(403, member, "POST", packs, version)
	c.expect(400, admin, "POST", packs, `{"name": "pack", "policies": [{"name": "p"}, {"name": "p"}]}`)
	upload := c.expect(200, admin, "POST", packs, version)["uploadURI"].(string)
	c.expect(400, admin, "POST", packs+"/pack/versions/1.0.0/complete", "") // without an archive
	c.expect(404, member, "GET", packs+"/pack/versions/1.0.0", "")

	put := func(headers map[string]string) int {
		request, err := http.NewRequestWithContext(t.Context(), "PUT", upload, bytes.NewReader([]byte("archive")))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range headers {
			request.Header.Set(name, value)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	if status := put(nil); status != 403 {
		t.Errorf("an upload without the required header: %d", status)
	}
	required := map[string]string{"x-amz-server-side-encryption": "AES256"}
	if status := put(required); status != 200 {
		t.Errorf("the upload: %d", status)
	}
	c.expect(200, admin, "POST", packs+"/pack/versions/1.0.0/complete", "")
	if status := put(required); status != 404 {
		t.Errorf("an upload of what is published: %d", status)
	}
	c.expect(200, member, "GET", packs+"/pack/versions/1.0.0", "")
	if archive, ok := s.Archive("pack", "1.0.0"); !ok || string(archive) != "archive" {
		t.Errorf("the archive is %q", archive)
	}

	c.expect(400, admin, "POST", packs, version)
	c.expect(200, admin, "PATCH", "/api/orgs/acme/policygroups/default-policy-group", `{"addPolicyPack": {"name": "pack"}}`)
	c.expect(400, admin, "DELETE", packs+"/pack", "") // it is enabled
	c.expect(200, admin, "PATCH", "/api/orgs/acme/policygroups/default-policy-group", `{"removePolicyPack": {"name": "pack"}}`)
	c.expect(200, admin, "DELETE", packs+"/pack", "")
	c.expect(404, member, "GET", packs+"/pack/versions/1.0.0", "")
	c.expect(400, admin, "POST", packs, version)
}

// publish publishes a version of a pack.
func (c client) publish(admin, name, version string) {
	c.t.Helper()
	const packs = "/api/orgs/acme/policypacks"
	told := c.expect(200, admin, "POST", packs, `{"name": "`+name+`", "versionTag": "`+version+`"}`)
	request, err := http.NewRequestWithContext(c.t.Context(), "PUT", told["uploadURI"].(string), bytes.NewReader([]byte(version)))
	if err != nil {
		c.t.Fatal(err)
	}
	for name, value := range told["requiredHeaders"].(map[string]any) {
		request.Header.Set(name, value.(string))
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		c.t.Fatal(err)
	}
	response.Body.Close()
	c.expect(200, admin, "POST", packs+"/"+name+"/versions/"+version+"/complete", "")
}

// TestGroups has a pack in two groups of a stack: the newest version counts, and of one version what was enabled last.
func TestGroups(t *testing.T) {
	_, c, admin, member := start(t)
	c.publish(admin, "pack", "1.0.0")
	c.publish(admin, "pack", "2.0.0")
	c.expect(200, member, "POST", "/api/stacks/acme/shop", `{"stackName": "dev"}`)
	const groups = "/api/orgs/acme/policygroups"
	c.expect(403, member, "POST", groups, `{"name": "more", "mode": "preventative"}`)
	c.expect(200, admin, "POST", groups, `{"name": "more", "mode": "preventative"}`)
	c.expect(200, admin, "PATCH", groups+"/more/batch", `[{"addStack": {"name": "dev", "routingProject": "shop"}}]`)
	required := func(version, from string) {
		t.Helper()
		packs := c.expect(200, member, "GET", "/api/stacks/acme/shop/dev/policypacks", "")["requiredPolicies"].([]any)
		if len(packs) != 1 {
			t.Fatalf("required are %v", packs)
		}
		one := packs[0].(map[string]any)
		if got := one["config"].(map[string]any)["from"].(map[string]any)["group"]; one["versionTag"] != version || got != from {
			t.Errorf("required is %v of %v, not %s of %s", one["versionTag"], got, version, from)
		}
	}
	enable := func(group, version string) {
		t.Helper()
		c.expect(200, admin, "PATCH", groups+"/"+group, `{"addPolicyPack": {"name": "pack", "versionTag": "`+version+
			`", "config": {"from": {"group": "`+group+`"}}}}`)
	}
	enable("more", "2.0.0")
	enable(defaultGroup, "1.0.0")
	required("2.0.0", "more")
	enable(defaultGroup, "2.0.0")
	required("2.0.0", defaultGroup)
	enable("more", "")
	required("2.0.0", "more")
}

func TestLeases(t *testing.T) {
	s, c, _, member := start(t)
	c.expect(200, member, "POST", "/api/stacks/acme/shop", `{"stackName": "dev"}`)
	c.expect(409, member, "POST", "/api/stacks/acme/shop", `{"stackName": "dev"}`)
	const dev = "/api/stacks/acme/shop/dev"
	begin := func(kind string) string {
		return c.expect(200, member, "POST", dev+"/"+kind, `{}`)["updateID"].(string)
	}
	first, second := dev+"/update/"+begin("update"), dev+"/update/"+begin("update")
	lease := "update-token " + c.expect(200, member, "POST", first, `{"tags": {"env": "dev"}}`)["token"].(string)
	c.expect(409, member, "POST", second, `{}`)

	const checkpoint = `{"version": 3, "deployment": {"resources": [{"urn": "urn"}]}}`
	c.expect(403, member, "PATCH", first+"/checkpoint", checkpoint) // by a token, not by the lease
	c.expect(401, lease, "PATCH", second+"/checkpoint", checkpoint)
	c.expect(200, lease, "PATCH", first+"/checkpoint", checkpoint)
	c.expect(200, lease, "POST", first+"/events/batch", `{"events": [{"policyEvent": {"policyName": "p"}}, {"stdoutEvent": {}}]}`)
	if events := c.expect(200, member, "GET", first+"/events?type=9", "")["events"].([]any); len(events) != 1 {
		t.Errorf("events of policies: %v", events)
	}
	c.expect(200, lease, "POST", first+"/renew_lease", `{"duration": 600}`)
	s.Later(599 * time.Second)
	c.expect(200, lease, "POST", first+"/complete", `{"status": "succeeded"}`)
	c.expect(401, lease, "PATCH", first+"/checkpoint", checkpoint)
	state := c.expect(200, member, "GET", dev+"/export", "")
	if got := state["deployment"].(map[string]any)["resources"].([]any); len(got) != 1 {
		t.Errorf("the state has the resources %v", got)
	}
	c.expect(400, member, "DELETE", dev, "")

	// A lease that nobody renews holds nothing any more.
	left := "update-token " + c.expect(200, member, "POST", second, `{}`)["token"].(string)
	s.Later(leaseTime)
	c.expect(403, left, "PATCH", second+"/checkpoint", checkpoint)
	c.expect(200, member, "POST", dev+"/update/"+begin("destroy"), `{}`)
}
