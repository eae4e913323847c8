// Package inbox receives what the local run sends: mail by SMTP, webhooks and what providers of other channels are called for by HTTP, and shows on one page what each
// person got. Providers verify a call as the real ones do, and can be told to be slow, to refuse or to lose answers. It forwards nothing and accepts every address and password, so it belongs on this machine's own addresses.
//
// The surprising thing: a mail to three recipients is three messages, because the page is by person, and the recipients
// are those of the SMTP envelope, not of the header To.
package inbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// maxKept is the number of messages that are kept, the newest ones.
const maxKept = 5000

// Inbox keeps messages in memory and in a file. Its methods may be called concurrently.
type Inbox struct {
	smtp *smtp.Server
	path string
	keep int
	now  func() time.Time

	moods moods // of the fake providers
	sms   smsProvider
	push  pushProvider

	mu       sync.Mutex
	file     *os.File
	lines    int // in the file, also of messages that are not kept any more
	messages []Message
}

// New opens the inbox in a folder, creating it if need be. An answered delivery survives kill -9 of the process; a line
// that was being written when it died is dropped.
func New(dir string) (*Inbox, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("creating the inbox's folder: %w", err)
	}
	b := &Inbox{path: filepath.Join(dir, "inbox.jsonl"), keep: maxKept, now: time.Now}
	at := desk{b.add, func() time.Time { return b.now() }, &b.moods}
	b.sms.desk, b.push.desk = at, at
	if err := b.load(); err != nil {
		return nil, fmt.Errorf("opening the inbox %s: %w", b.path, err)
	}
	b.smtp = newServer(b.add, func() time.Time { return b.now() })
	return b, nil
}

// load reads the file and cuts off a torn last line.
func (b *Inbox) load() error {
	file, err := os.OpenFile(b.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	reader := bufio.NewReader(file)
	var whole int64
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			file.Close()
			return err
		}
		var m Message
		if err := json.Unmarshal(line, &m); err != nil {
			file.Close()
			return fmt.Errorf("reading message %d: %w", b.lines+1, err)
		}
		whole += int64(len(line))
		b.lines++
		b.remember(m)
	}
	if err := file.Truncate(whole); err != nil {
		file.Close()
		return err
	}
	if _, err := file.Seek(whole, io.SeekStart); err != nil {
		file.Close()
		return err
	}
	b.file = file
	return nil
}

func (b *Inbox) remember(m Message) {
	b.messages = append(b.messages, m)
	// Moving them all for each new one would be wasteful.
	if len(b.messages) >= 2*b.keep {
		b.messages = append([]Message(nil), b.messages[len(b.messages)-b.keep:]...)
	}
}

// kept are the newest messages, the oldest first; the caller holds the lock.
func (b *Inbox) kept() []Message {
	return b.messages[max(0, len(b.messages)-b.keep):]
}

// add stores messages; they are in the file when it returns.
func (b *Inbox) add(messages ...Message) error {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	for _, m := range messages {
		if err := encoder.Encode(m); err != nil {
			return fmt.Errorf("encoding a message: %w", err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return errors.New("the inbox is closed")
	}
	if b.lines+len(messages) > 2*b.keep {
		if err := b.compact(); err != nil {
			return fmt.Errorf("dropping old messages: %w", err)
		}
	}
	at, err := b.file.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("writing the inbox: %w", err)
	}
	if _, err := b.file.Write(buf.Bytes()); err != nil {
		// Half a line would make the next one unreadable.
		return errors.Join(fmt.Errorf("writing the inbox: %w", err), b.file.Truncate(at))
	}
	b.lines += len(messages)
	for _, m := range messages {
		b.remember(m)
	}
	return nil
}

// compact replaces the file by one with the kept messages alone.
func (b *Inbox) compact() error {
	file, err := os.CreateTemp(filepath.Dir(b.path), "inbox-*.tmp")
	if err != nil {
		return err
	}
	kept := b.kept()
	writer := bufio.NewWriter(file)
	encoder := json.NewEncoder(writer)
	for _, m := range kept {
		if err = encoder.Encode(m); err != nil {
			break
		}
	}
	err = errors.Join(err, writer.Flush())
	if err == nil {
		err = os.Rename(file.Name(), b.path)
	}
	if err != nil {
		file.Close()
		return errors.Join(err, os.Remove(file.Name()))
	}
	b.file.Close()
	b.file, b.lines = file, len(kept)
	return nil
}

// find returns the messages to a person, the newest first; an empty person means everybody.
func (b *Inbox) find(person string) []Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	found := []Message{}
	kept := b.kept()
	for i := len(kept) - 1; i >= 0; i-- {
		if person == "" || strings.EqualFold(kept[i].To, person) {
			found = append(found, kept[i])
		}
	}
	return found
}

// ForgetAccess takes back every access token of the fake of Firebase, as Google may.
func (b *Inbox) ForgetAccess() { b.push.forget() }

// ServeSMTP takes mail at a listener until Close; then it returns nil.
func (b *Inbox) ServeSMTP(l net.Listener) error {
	b.mu.Lock()
	closed := b.file == nil
	b.mu.Unlock()
	if closed {
		return l.Close()
	}
	err := b.smtp.Serve(l)
	if errors.Is(err, net.ErrClosed) || errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	return err
}

// Close ends the SMTP server and closes the file.
func (b *Inbox) Close() error {
	err := b.smtp.Close()
	if errors.Is(err, smtp.ErrServerClosed) {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	file := b.file
	b.file = nil
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("closing the inbox: %w", err)
	}
	return nil
}
