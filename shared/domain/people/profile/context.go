package profile

import (
	"bytes"
	"cmp"
	"time"

	"github.com/userops/userops/shared/domain/rawjson"
)

// Bounds of what is kept of devices. The newest stay.
const (
	MaxDevices = 5
	MaxTokens  = 5
)

// Client is what somebody used at an event: the device, its system, the app or browser. Empty members were not said.
type Client struct {
	At           time.Time `json:"at"`
	OS           string    `json:"os,omitempty"`
	OSVersion    string    `json:"osVersion,omitempty"`
	DeviceType   string    `json:"deviceType,omitempty"` // as context.device.type says, else mobile or desktop by the user agent
	Manufacturer string    `json:"manufacturer,omitempty"`
	Model        string    `json:"model,omitempty"`
	App          string    `json:"app,omitempty"`
	AppVersion   string    `json:"appVersion,omitempty"`
	Browser      string    `json:"browser,omitempty"` // wechat, alipay, edge, firefox, chrome, safari
	Library      string    `json:"library,omitempty"`
}

// Token is a push token: when it was last seen and on which system it reaches the person.
type Token struct {
	At time.Time `json:"at"`
	OS string    `json:"os,omitempty"`
}

// eventContext is the parts of an event's context that the fold looks at, as they stand in the JSON.
type eventContext struct {
	locale, timezone, traits, userAgent, library           []byte
	campaign, source, medium, referrer                     []byte
	deviceID, token, deviceType, manufacturer, deviceModel []byte
	osName, osVersion, appName, appVersion                 []byte
}

// parseContext walks the context once; parts of another shape are as good as none.
func parseContext(raw []byte) (c eventContext) {
	rawjson.Members(raw, func(name, value []byte) {
		switch string(name) {
		case "locale":
			c.locale = value
		case "timezone":
			c.timezone = value
		case "traits":
			c.traits = value
		case "userAgent":
			c.userAgent = value
		case "campaign":
			pick(value, member{"name", &c.campaign}, member{"source", &c.source}, member{"medium", &c.medium})
		case "page":
			pick(value, member{"referrer", &c.referrer})
		case "library":
			pick(value, member{"name", &c.library})
		case "device":
			pick(value, member{"id", &c.deviceID}, member{"token", &c.token}, member{"type", &c.deviceType}, member{"manufacturer", &c.manufacturer}, member{"model", &c.deviceModel})
		case "os":
			pick(value, member{"name", &c.osName}, member{"version", &c.osVersion})
		case "app":
			pick(value, member{"name", &c.appName}, member{"version", &c.appVersion})
		}
	})
	return c
}

type member struct {
	name string
	into *[]byte
}

func pick(raw []byte, wanted ...member) {
	rawjson.Members(raw, func(name, value []byte) {
		for _, w := range wanted {
			if string(name) == w.name {
				*w.into = value
			}
		}
	})
}

// same is the text of a JSON string or number, and old itself where nothing changed: most events say what the last one said.
func same(old string, raw []byte) string {
	if len(raw) == len(old)+2 && raw[0] == '"' && string(raw[1:len(raw)-1]) == old && bytes.IndexByte(raw, '\\') < 0 {
		return old
	}
	return short(rawjson.Plain(raw))
}

// compareClients orders by time, and what is of the same time by its content.
func compareClients(a, b Client) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.OS, b.OS), cmp.Compare(a.OSVersion, b.OSVersion), cmp.Compare(a.DeviceType, b.DeviceType),
		cmp.Compare(a.Manufacturer, b.Manufacturer), cmp.Compare(a.Model, b.Model), cmp.Compare(a.App, b.App), cmp.Compare(a.AppVersion, b.AppVersion),
		cmp.Compare(a.Browser, b.Browser), cmp.Compare(a.Library, b.Library))
}

// The marks of user agents, the more special first: nearly all of them call themselves Mozilla and Safari.
var (
	browsers = [...][2]string{{"MicroMessenger", "wechat"}, {"AlipayClient", "alipay"}, {"Edg", "edge"}, {"Firefox/", "firefox"}, {"Chrome/", "chrome"}, {"CriOS/", "chrome"}, {"Safari/", "safari"}}
	systems  = [...][2]string{{"iPhone", "iOS"}, {"iPad", "iPadOS"}, {"HarmonyOS", "HarmonyOS"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"}}
)

// agent reads from a user agent what the context did not say itself.
func (c *Client) agent(raw []byte) {
	first := func(marks [][2]string) string {
		for _, m := range marks {
			if bytes.Contains(raw, []byte(m[0])) {
				return m[1]
			}
		}
		return ""
	}
	if c.App == "" {
		c.Browser = first(browsers[:])
	}
	if c.OS == "" {
		c.OS = first(systems[:])
	}
	if c.DeviceType == "" && c.Browser != "" {
		c.DeviceType = "desktop"
		if bytes.Contains(raw, []byte("Mobile")) || c.OS == "Android" || c.OS == "iOS" || c.OS == "iPadOS" {
			c.DeviceType = "mobile"
		}
	}
}
