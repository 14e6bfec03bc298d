# Completion of pumphouse(1) for fish.
complete -c pumphouse -n __fish_use_subcommand -a backup
complete -c pumphouse -n __fish_use_subcommand -a block
complete -c pumphouse -n '__fish_seen_subcommand_from block' -a 'add remove list'
complete -c pumphouse -n __fish_use_subcommand -a compact
complete -c pumphouse -n __fish_use_subcommand -a delivery
complete -c pumphouse -n '__fish_seen_subcommand_from delivery' -a 'list retry drop'
complete -c pumphouse -n __fish_use_subcommand -a doctor
complete -c pumphouse -n __fish_use_subcommand -a export
complete -c pumphouse -n __fish_use_subcommand -a import
complete -c pumphouse -n __fish_use_subcommand -a invite
complete -c pumphouse -n '__fish_seen_subcommand_from invite' -a 'new list revoke'
complete -c pumphouse -n __fish_use_subcommand -a mail-test
complete -c pumphouse -n __fish_use_subcommand -a pin
complete -c pumphouse -n '__fish_seen_subcommand_from pin' -a 'list forget'
complete -c pumphouse -n __fish_use_subcommand -a registration
complete -c pumphouse -n '__fish_seen_subcommand_from registration' -a 'open invite closed'
complete -c pumphouse -n __fish_use_subcommand -a report
complete -c pumphouse -n '__fish_seen_subcommand_from report' -a 'list dismiss delete suspend'
complete -c pumphouse -n __fish_use_subcommand -a restore
complete -c pumphouse -n __fish_use_subcommand -a serve
complete -c pumphouse -n __fish_use_subcommand -a setup-code
complete -c pumphouse -n __fish_use_subcommand -a user
complete -c pumphouse -n '__fish_seen_subcommand_from user' -a 'add password show suspend unsuspend quota remove reset-link email owner token list'
complete -c pumphouse -l config -r -F -d 'File of options, a JSON object'
complete -c pumphouse -l help -d 'Explain the program, or a command'
complete -c pumphouse -l version -d 'Tell the version'
complete -c pumphouse -l name -x -d 'Of single commands, see their help'
complete -c pumphouse -l scope -x -d 'Of single commands, see their help'
complete -c pumphouse -l days -x -d 'Of single commands, see their help'
complete -c pumphouse -l uses -x -d 'Of single commands, see their help'
complete -c pumphouse -l note -x -d 'Of single commands, see their help'
complete -c pumphouse -l reason -x -d 'Of single commands, see their help'
complete -c pumphouse -l from-pumpio -x -d 'Of single commands, see their help'
complete -c pumphouse -l report -x -d 'Of single commands, see their help'
complete -c pumphouse -l encrypt -d 'Of single commands, see their help'
complete -c pumphouse -l family -d 'Of single commands, see their help'
complete -c pumphouse -l qr -d 'Of single commands, see their help'
complete -c pumphouse -l dry-run -d 'Of single commands, see their help'
complete -c pumphouse -l hostname -x -d 'Public host name'
complete -c pumphouse -l address -x -d 'Address to listen on'
complete -c pumphouse -l port -x -d 'Port to listen on'
complete -c pumphouse -l urlPort -x -d 'Public port, behind a proxy mostly 443'
complete -c pumphouse -l urlPath -x -d 'Path that public addresses begin with'
complete -c pumphouse -l key -r -F -d 'TLS key (PEM)'
complete -c pumphouse -l cert -r -F -d 'TLS certificate chain (PEM)'
complete -c pumphouse -l hsts -x -d 'Tells browsers to use https only'
complete -c pumphouse -l trustProxy -x -d 'Addresses and networks of reverse proxies in front of this server, like ["127'
complete -c pumphouse -l redirectToCanonical -x -d 'Redirects requests for other host names to hostname'
complete -c pumphouse -l redirectAddressToCanonical -x -d 'Redirects requests for address and port, too'
complete -c pumphouse -l compress -x -d 'Compresses answers for clients that accept it'
complete -c pumphouse -l datadir -r -F -d 'Directory of everything the server keeps'
complete -c pumphouse -l enableUploads -x -d 'Lets people upload files'
complete -c pumphouse -l uploadBytesMax -x -d 'Largest upload'
complete -c pumphouse -l uploadQuotaBytes -x -d 'Most bytes of uploads that each user may keep'
complete -c pumphouse -l jsonBytesMax -x -d 'Largest JSON document or form in a request'
complete -c pumphouse -l backupdir -r -F -d 'Where backups are made every night'
complete -c pumphouse -l backupPassphrase -x -d 'Encrypts the backups of every night'
complete -c pumphouse -l site -x -d 'Name of the site'
complete -c pumphouse -l owner -x -d 'Name of the owner, shown in the footer'
complete -c pumphouse -l ownerURL -x -d 'Web address of the owner'
complete -c pumphouse -l mainImage -x -d 'Address of the picture on the welcome page'
complete -c pumphouse -l appendFooter -x -d 'More HTML for the footer'
complete -c pumphouse -l favicon -r -F -d 'Icon file'
complete -c pumphouse -l noweb -x -d 'Leaves the web pages out'
complete -c pumphouse -l disableRegistration -x -d 'Refuses new accounts'
complete -c pumphouse -l users -x -d 'Accounts made at start where they are missing'
complete -c pumphouse -l clients -x -d 'OAuth clients known from the start'
complete -c pumphouse -l sockjs -x -d 'Realtime updates for old web clients at /main/realtime/sockjs'
complete -c pumphouse -l federateLan -x -d 'Lets other servers be at addresses of the local network, or of this machine'
complete -c pumphouse -l announceLan -x -d 'Announces the server on the local network (multicast DNS)'
complete -c pumphouse -l proxyWhitelist -x -d 'Hosts whose files people here get from there, instead of by this server'
complete -c pumphouse -l firehose -x -d 'Host that hears of all public posts, such as a search engine'
complete -c pumphouse -l spamhost -x -d 'Address of a server that is asked about everything that is posted here, and refuses spam'
complete -c pumphouse -l spamclientid -x -d 'Client id at the spam server'
complete -c pumphouse -l spamclientsecret -x -d 'Client secret at the spam server'
complete -c pumphouse -l smtpserver -x -d 'Mail server'
complete -c pumphouse -l smtpport -x -d 'Port of the mail server'
complete -c pumphouse -l smtpuser -x -d 'User at the mail server'
complete -c pumphouse -l smtppass -x -d 'Password at the mail server'
complete -c pumphouse -l smtpusetls -x -d 'Encrypts by STARTTLS'
complete -c pumphouse -l smtpusessl -x -d 'Encrypts from the start, instead of by STARTTLS'
complete -c pumphouse -l smtpca -r -F -d 'Certificates (PEM) that are trusted, too'
complete -c pumphouse -l smtpfrom -x -d 'Sender of all mail'
complete -c pumphouse -l smtptimeout -x -d 'Longest wait for the mail server, each time'
complete -c pumphouse -l requireEmail -x -d 'Asks people who register for a mail address, and lets them in when they have confirmed it'
complete -c pumphouse -l nologger -x -d 'Writes no log'
complete -c pumphouse -l logfile -r -F -d 'File that the log is appended to'
complete -c pumphouse -l logLevel -x -d 'Least grave messages that are logged'
