package inbox

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// SMSKeyID and SMSSecret are the key that the fake provider of text messages knows.
const (
	SMSKeyID  = "local-sms-key"
	SMSSecret = "local-sms-secret"
)

// smsProvider plays SendSms of Alibaba Cloud's Short Message Service, 2017-05-25: it verifies the signature (ACS3-HMAC-SHA256) and the parameters as the service documents them, and answers its codes. It approves
// every text: one that was put under its code is shown with the values in it, another one by its values.
type smsProvider struct {
	desk
	mu     sync.Mutex
	nonces map[string]time.Time
	texts  map[string]string
}

const (
	smsWindow = 15 * time.Minute // how far a request's time may be off
	maxNonces = 100_000
	maxSMS    = 4 << 10
)

var (
	mainland  = regexp.MustCompile(`^(\+|\+?86|0086)?1[3-9][0-9]{9}$`)
	overseas  = regexp.MustCompile(`^[1-9][0-9]{6,14}$`)
	smsCode   = regexp.MustCompile(`^SMS_[0-9]+$`)
	smsHeader = regexp.MustCompile(`^ACS3-HMAC-SHA256 Credential=([^,]+),SignedHeaders=([^,]+),Signature=([0-9a-f]{64})$`)
	smsPlace  = regexp.MustCompile(`\$\{([^{}]*)\}`)
)

// smsAnswer is the service's, with the status that it has.
type smsAnswer struct {
	status    int
	Code      string
	Message   string
	RequestID string `json:"RequestId"`
	BizID     string `json:"BizId,omitempty"`
}

// receive answers SendSms, and keeps a text under the code that is put.
func (p *smsProvider) receive(w http.ResponseWriter, r *http.Request, code string) {
	if code != "" {
		p.register(w, r, code)
		return
	}
	m := p.moods.of(SMS)
	if !m.wait(r) {
		return
	}
	now := p.now().UTC()
	said := p.judge(r, now)
	if said.Code == "OK" && m.Refuse != "" {
		said = smsAnswer{status: http.StatusOK, Code: m.Refuse, Message: "as told"}
	}
	if said.Code == "OK" {
		q := r.URL.Query()
		from, text := q.Get("SignName"), p.filled(q)
		err := p.add(Message{Channel: SMS, To: q.Get("PhoneNumbers"), From: from, Subject: "【" + from + "】" + text, Text: "【" + from + "】" + text,
			Headers: map[string]string{"TemplateCode": q.Get("TemplateCode"), "TemplateParam": q.Get("TemplateParam"), "OutId": q.Get("OutId")}, ReceivedAt: now})
		if err != nil {
			said = smsAnswer{status: http.StatusInternalServerError, Code: "InternalError", Message: err.Error()}
		} else if m.Lose {
			lost(w)
			return
		}
	}
	said.RequestID = fmt.Sprintf("%X", now.UnixNano())
	if said.Code == "OK" {
		said.BizID = fmt.Sprintf("%d^0", now.UnixNano())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(said.status)
	_ = json.NewEncoder(w).Encode(said)
}

// register keeps a text under its code, PUT /local/sms/{code}, so that messages show it.
func (p *smsProvider) register(w http.ResponseWriter, r *http.Request, code string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxSMS))
	if r.Method != http.MethodPut || !smsCode.MatchString(code) || err != nil || len(body) == 0 {
		http.Error(w, "a text is put under a code such as SMS_1", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.texts == nil {
		p.texts = map[string]string{}
	}
	p.texts[code] = string(body)
	w.WriteHeader(http.StatusNoContent)
}

// filled is the message as the phone shows it.
func (p *smsProvider) filled(q url.Values) string {
	var values map[string]string
	_ = json.Unmarshal([]byte(q.Get("TemplateParam")), &values)
	p.mu.Lock()
	text, known := p.texts[q.Get("TemplateCode")]
	p.mu.Unlock()
	if known {
		return smsPlace.ReplaceAllStringFunc(text, func(at string) string { return values[at[2:len(at)-1]] })
	}
	var all []string
	for name, value := range values {
		all = append(all, name+"="+value)
	}
	slices.Sort(all)
	return strings.Join(append([]string{q.Get("TemplateCode")}, all...), " ")
}

func (p *smsProvider) judge(r *http.Request, now time.Time) smsAnswer {
	refuse := func(status int, code, message string) smsAnswer {
		return smsAnswer{status: status, Code: code, Message: message}
	}
	if said := p.verify(r, now); said.Code != "" {
		return said
	}
	q := r.URL.Query()
	if r.Header.Get("x-acs-action") != "SendSms" || r.Header.Get("x-acs-version") != "2017-05-25" {
		return refuse(http.StatusNotFound, "InvalidAction.NotFound", "Specified api is not found")
	}
	for _, name := range []string{"PhoneNumbers", "SignName", "TemplateCode"} {
		if q.Get(name) == "" {
			return refuse(http.StatusBadRequest, "Missing"+name, name+" is mandatory for this action.")
		}
	}
	said := func(code, message string) smsAnswer { return refuse(http.StatusOK, code, message) }
	var values map[string]string
	given := q.Get("TemplateParam")
	switch to := q.Get("PhoneNumbers"); {
	case !mainland.MatchString(to) && !overseas.MatchString(to):
		return said("isv.MOBILE_NUMBER_ILLEGAL", "非法手机号")
	case strings.ContainsAny(q.Get("SignName"), "【】"):
		return said("isv.SMS_SIGNATURE_ILLEGAL", "短信签名不合法")
	case !smsCode.MatchString(q.Get("TemplateCode")):
		return said("isv.SMS_TEMPLATE_ILLEGAL", "模板不合法")
	case given != "" && json.Unmarshal([]byte(given), &values) != nil:
		return said("isv.INVALID_JSON_PARAM", "JSON参数不合法，只接受字符串值")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, place := range smsPlace.FindAllStringSubmatch(p.texts[q.Get("TemplateCode")], -1) {
		if values[place[1]] == "" {
			return said("isv.TEMPLATE_MISSING_PARAMETERS", "模板缺少变量")
		}
	}
	return said("OK", "OK")
}

// verify answers nothing for a request that is signed with the key that is known, of now, and not seen before.
func (p *smsProvider) verify(r *http.Request, now time.Time) smsAnswer {
	refuse := func(code, message string) smsAnswer {
		return smsAnswer{status: http.StatusBadRequest, Code: code, Message: message}
	}
	parts := smsHeader.FindStringSubmatch(r.Header.Get("Authorization"))
	if parts == nil {
		return refuse("IncompleteSignature", "The request signature does not conform to Aliyun standards.")
	}
	if parts[1] != SMSKeyID {
		return smsAnswer{status: http.StatusNotFound, Code: "InvalidAccessKeyId.NotFound", Message: "Specified access key is not found."}
	}
	names := strings.Split(parts[2], ";")
	var headers strings.Builder
	for _, name := range names {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		headers.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	for name := range r.Header {
		if name = strings.ToLower(name); strings.HasPrefix(name, "x-acs-") && !slices.Contains(names, name) {
			return refuse("IncompleteSignature", "The header "+name+" is not signed.")
		}
	}
	for _, name := range []string{"host", "x-acs-action", "x-acs-version", "x-acs-date", "x-acs-signature-nonce", "x-acs-content-sha256"} {
		if !slices.Contains(names, name) {
			return refuse("IncompleteSignature", "The header "+name+" is not signed.")
		}
	}
	body := sha256.New()
	_, _ = io.Copy(body, io.LimitReader(r.Body, maxSMS))
	if sum := hex.EncodeToString(body.Sum(nil)); sum != r.Header.Get("x-acs-content-sha256") {
		return refuse("SignatureDoesNotMatch", "The body is another one.")
	}
	canonical := r.Method + "\n" + r.URL.EscapedPath() + "\n" + canonicalQuery(r.URL.Query()) + "\n" + headers.String() + "\n" + parts[2] + "\n" + r.Header.Get("x-acs-content-sha256")
	sum := sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(SMSSecret))
	_, _ = fmt.Fprintf(mac, "ACS3-HMAC-SHA256\n%x", sum)
	if !hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(parts[3])) {
		return refuse("SignatureDoesNotMatch", "Specified signature is not matched with our calculation.")
	}
	at, err := time.Parse("2006-01-02T15:04:05Z", r.Header.Get("x-acs-date"))
	if err != nil || now.Sub(at).Abs() > smsWindow {
		return refuse("InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")
	}
	if !p.fresh(r.Header.Get("x-acs-signature-nonce"), now) {
		return refuse("SignatureNonceUsed", "Specified signature nonce was used already.")
	}
	return smsAnswer{}
}

func (p *smsProvider) fresh(nonce string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, used := p.nonces[nonce]; used || nonce == "" {
		return false
	}
	if p.nonces == nil || len(p.nonces) >= maxNonces {
		p.nonces = map[string]time.Time{}
	}
	p.nonces[nonce] = now
	return true
}

// canonicalQuery is written letter by letter as RFC 3986 has it.
func canonicalQuery(q url.Values) string {
	var all []string
	for name, values := range q {
		for _, value := range values {
			all = append(all, escaped(name)+"="+escaped(value))
		}
	}
	slices.Sort(all)
	return strings.Join(all, "&")
}

func escaped(text string) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
