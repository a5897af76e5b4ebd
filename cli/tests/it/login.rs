//! Logging in: the key is kept for its owner alone, and shown nowhere.

use crate::world::World;
use std::os::unix::fs::PermissionsExt as _;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_kept_for_its_owner_alone_and_never_shown() {
    let world = World::new().await;
    let address = format!("http://{}", world.address);
    let nobody = world.run_with("", &["missions", "list"]).await;
    assert_eq!(nobody.code, 4, "{nobody:?}");
    assert!(nobody.err.contains("legation login"), "{nobody:?}");

    let login = world.run_with(&format!("{}\n", world.officer), &["login", "--address", &address]).await;
    assert_eq!(login.code, 0, "{login:?}");
    assert!(login.err.contains("logged in as apiKeys/"), "{login:?}");
    let path = world.folder.join("config/profiles.toml");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);

    let who = world.run_with("", &["whoami"]).await;
    assert!(who.out.contains("subject:     apiKeys/"), "{who:?}");
    let listed = world.run_with("", &["profiles"]).await;
    assert_eq!(listed.out, format!("* default  {address}\n"));
    for ran in [&login, &who, &listed] {
        assert!(!ran.out.contains(&world.officer) && !ran.err.contains(&world.officer), "{ran:?}");
    }

    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let open = world.run_with("", &["whoami"]).await;
    assert_eq!(open.code, 4, "{open:?}");
    assert!(open.err.contains("chmod 600"), "{open:?}");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();

    assert_eq!(world.run_with("", &["logout"]).await.code, 0);
    assert!(!std::fs::read_to_string(&path).unwrap().contains(&world.officer));
    assert_eq!(world.run_with("", &["whoami"]).await.code, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_accepted_is_not_kept_nor_one_sent_in_the_clear() {
    let world = World::new().await;
    let wrong = identity::ApiKeyText::generate();
    let address = format!("http://{}", world.address);
    let refused = world.run_with(wrong.expose(), &["login", "--address", &address]).await;
    assert_eq!(refused.code, 4, "{refused:?}");
    assert!(refused.err.contains("UNAUTHENTICATED") && refused.err.contains("remedy: "), "{refused:?}");
    assert!(!world.folder.join("config/profiles.toml").exists());
    let clear = world.run_with(&world.officer, &["login", "--address", "http://legation.example"]).await;
    assert_eq!(clear.code, 2, "{clear:?}");
    assert!(clear.err.contains("https"), "{clear:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_there_has_an_exit_code_of_its_own() {
    let world = World::new().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let away = world.run(&["missions", "list", "--address", &format!("http://127.0.0.1:{port}")]).await;
    assert_eq!(away.code, 9, "{away:?}");
}
