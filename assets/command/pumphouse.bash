# Completion of pumphouse(1) for bash.
_pumphouse() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=
    case $before in
        -c|--config|--acmeCa|--key|--cert|--datadir|--backupdir|--bootdir|--powerdir|--sysdir|--versionsdir|--updatekey|--wifidir|--shelldir|--favicon|--smtpca|--logfile) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
        appliance) words="first-boot console wifi shell update settle choose start status" ;;
        block) words="add remove list" ;;
        delivery) words="list retry drop" ;;
        invite) words="new list revoke" ;;
        pin) words="list forget" ;;
        registration) words="open invite closed" ;;
        report) words="list dismiss delete suspend" ;;
        user) words="add password show suspend unsuspend quota remove reset-link email owner token list" ;;
    esac
    if [[ $word == -* ]]; then
        words="--config --help --version --name --scope --days --uses --note --reason --from-pumpio --report --boot --data --state --iwd --zones --notes --wifi --versions --public-key --request --service --patience --encrypt --family --older --once --qr --remount --dry-run --hostname --address --port --httpsPort --acmeServer --acmeCa --urlPort --urlPath --key --cert --hsts --trustProxy --redirectToCanonical --redirectAddressToCanonical --compress --datadir --enableUploads --uploadBytesMax --uploadQuotaBytes --jsonBytesMax --backupdir --bootdir --powerdir --sysdir --metrics --backupPassphrase --versionsdir --updatekey --updateurl --wifidir --shelldir --site --owner --ownerURL --mainImage --appendFooter --favicon --noweb --disableRegistration --users --clients --sockjs --federateLan --announceLan --proxyWhitelist --firehose --spamhost --spamclientid --spamclientsecret --smtpserver --smtpport --smtpuser --smtppass --smtpusetls --smtpusessl --smtpca --smtpfrom --smtptimeout --requireEmail --nologger --logfile --logLevel"
    elif [[ $COMP_CWORD == 1 ]]; then
        words="appliance backup block compact delivery doctor export import invite mail-test pin registration report restore serve setup-code user"
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    [[ ${#COMPREPLY[@]} -gt 0 || $word == -* ]] || mapfile -t COMPREPLY < <(compgen -f -- "$word")
}
complete -F _pumphouse pumphouse
